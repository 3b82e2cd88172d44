//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

var terminate os.Signal = syscall.SIGTERM

// shell returns a command that a shell runs, in a process group of its own.
func shell(command string) *exec.Cmd {
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// send sends a signal to a command and all it started.
func send(cmd *exec.Cmd, signal os.Signal) error {
	return syscall.Kill(-cmd.Process.Pid, signal.(syscall.Signal))
}

// signalNamed returns the signal of a name such as HUP or SIGHUP, nil for "".
func signalNamed(name string) (os.Signal, error) {
	if name == "" {
		return nil, nil
	}
	full := "SIG" + strings.TrimPrefix(strings.ToUpper(name), "SIG")
	if s := unix.SignalNum(full); s != 0 {
		return s, nil
	}
	return nil, fmt.Errorf("--signal: unknown signal %q", name)
}
