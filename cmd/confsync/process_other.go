//go:build !unix

package main

import (
	"errors"
	"os"
	"os/exec"
)

var terminate os.Signal = os.Kill

// shell returns a command that a shell runs.
func shell(command string) *exec.Cmd { return exec.Command("cmd", "/C", command) }

// send sends a signal to a command.
func send(cmd *exec.Cmd, signal os.Signal) error { return cmd.Process.Signal(signal) }

// signalNamed returns nil: there are no signals to name.
func signalNamed(name string) (os.Signal, error) {
	if name != "" {
		return nil, errors.New("--signal: this system has no signals")
	}
	return nil, nil
}
