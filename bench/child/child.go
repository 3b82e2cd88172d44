// Package child runs this program again, as a process that answers requests. A
// process of its own is what lets one tell whose memory, whose garbage and whose
// processor time it is.
package child

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Child is the process, as its parent sees it. Its methods are for one goroutine.
type Child struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	asks    *json.Encoder
	answers *json.Decoder
}

// Start starts this program with other arguments. What it writes to standard
// error goes to ours.
func Start(args ...string) (*Child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &Child{cmd: cmd, in: in, asks: json.NewEncoder(in), answers: json.NewDecoder(out)}, nil
}

// Ask sends a request and waits for its answer.
func (c *Child) Ask(request, answer any) error {
	if err := c.asks.Encode(request); err != nil {
		return err
	}
	return c.Answer(answer)
}

// Answer waits for an answer that was not asked for: what [Serve] greets with.
func (c *Child) Answer(answer any) error { return c.answers.Decode(answer) }

// Stop ends the process, by the end of its input, and returns when it has ended.
func (c *Child) Stop() {
	c.in.Close()
	_ = c.cmd.Wait() // how it ended changes nothing
}

// Serve is the child's part: it greets, and then answers each request until
// there are no more.
func Serve[Request, Answer any](in io.Reader, out io.Writer, greeting Answer, serve func(Request) Answer) error {
	requests, answers := json.NewDecoder(in), json.NewEncoder(out)
	answer := greeting
	for {
		if err := answers.Encode(answer); err != nil {
			return err
		}
		var r Request
		switch err := requests.Decode(&r); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("request: %w", err)
		}
		answer = serve(r)
	}
}
