//go:build unix

package testserver

import "syscall"

// The signals that pause a process and let it go on.
const (
	sigPause  = syscall.SIGSTOP
	sigResume = syscall.SIGCONT
)
