package testserver

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// CLI runs the store's own command-line client against this server and returns what it printed, without
// the last newline. A command that fails fails the test.
func (s *Server) CLI(args ...string) string {
	s.t.Helper()
	out, err := s.TryCLI(args...)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// TryCLI is CLI for a command that may fail: the error holds what the client complained of.
func (s *Server) TryCLI(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), cliTimeout)
	defer cancel()
	return s.run(ctx, s.client, args...)
}

// run runs a program that is a client of this server.
func (s *Server) run(ctx context.Context, program []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program[0], append(program[1:len(program):len(program)], args...)...)
	cmd.Dir, cmd.Env = s.dir, s.environ()
	cmd.SysProcAttr = dieWithParent()
	out, err := cmd.Output()
	printed := strings.TrimRight(string(out), "\n")
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(printed+"\n"+string(exit.Stderr)))
		}
		return printed, fmt.Errorf("%s %s: client: %w", s.name, s.Addr(), err)
	}
	return printed, nil
}
