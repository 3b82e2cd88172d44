package testserver

import "syscall"

// The signals that pause a process and let it go on, which Windows doesn't have:
// sending one is an error that fails the test.
const (
	sigPause  = syscall.Signal(19)
	sigResume = syscall.Signal(18)
)
