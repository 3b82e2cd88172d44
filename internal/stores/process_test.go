package stores

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/confsync/confsync/source"
)

// follows is the environment variable with which the test binary is a program of a
// fleet: the name of a store, its address, and a layout.
const follows = "CONFSYNC_TEST_FOLLOWS"

// process is a program of a fleet: a process of its own, which follows the store by
// a client of its own and tells of each snapshot.
type process struct {
	testing.TB
	*checker
	what    string // for follows
	cmd     *exec.Cmd
	input   io.Closer
	reading sync.WaitGroup
	told    atomic.Bool // since it was started
}

func startProcess(t testing.TB, s Store, addr string, l Layout, led *ledger) *process {
	t.Helper()
	p := &process{TB: t, checker: &checker{name: s.Name + ", another process", layout: l, ledger: led}, what: strings.Join([]string{s.Name, addr, string(l)}, "|")}
	p.start()
	t.Cleanup(func() {
		p.input.Close() // at which it ends
		p.reading.Wait()
		_ = p.cmd.Wait() // it was to end
	})
	return p
}

func (p *process) start() {
	p.Helper()
	p.told.Store(false)
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), follows+"="+p.what)
	p.cmd.Stderr = os.Stderr
	var err error
	p.input, err = p.cmd.StdinPipe()
	must(p, err)
	output, err := p.cmd.StdoutPipe()
	must(p, err)
	must(p, p.cmd.Start())
	p.reading.Go(func() { p.read(output) })
}

// read checks what the process tells, until it ends.
func (p *process) read(output io.Reader) {
	lines := bufio.NewReader(output)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return // what was cut short doesn't count
		}
		var snap *summary
		if err := json.Unmarshal(line, &snap); err != nil {
			p.ledger.fail("%s: %q: %v", p.name, line, err)
			return
		}
		if snap == nil {
			p.watched()
			continue
		}
		p.check(*snap)
		p.told.Store(true)
	}
}

// kill ends the process as kill -9 does, and checks that it did.
func (p *process) kill() {
	p.Helper()
	must(p, p.cmd.Process.Kill())
	p.reading.Wait()
	if err := p.cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		p.Fatalf("%s was killed and ended with %v", p.name, err)
	}
}

// has reports whether the process, as it runs now, has a state from this position on.
func (p *process) has(position int) bool { return p.told.Load() && p.position() >= position }

// follow is what such a process does: it runs a source until the input ends, and
// writes null for each Watch and a summary for each snapshot.
func follow(what string, input io.Reader, output io.Writer) error {
	fields := strings.Split(what, "|")
	s, err := Of(fields[0])
	if err != nil {
		return err
	}
	c, err := s.Open(fields[1], nil)
	if err != nil {
		return err
	}
	defer c.Close()
	src := teller{c.Source(Layout(fields[2]), root, Options{Probe: probe, Poll: poll}), json.NewEncoder(output)}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, input) // its end is what counts
	}()
	if err := source.NewSupervisor(src, policy(), nil).Run(ctx); ctx.Err() == nil {
		return fmt.Errorf("%s: %w", src.Name(), err)
	}
	return nil
}

// teller is a source that writes what it does.
type teller struct {
	source.Source
	out *json.Encoder
}

func (s teller) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := s.out.Encode((*summary)(nil)); err != nil {
		return err
	}
	return s.Source.Watch(ctx, func(snap source.Snapshot) {
		if s.out.Encode(summarise(snap)) == nil {
			emit(snap)
		}
	})
}
