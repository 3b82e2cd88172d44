//go:build !linux

package testserver

import (
	"syscall"
	"testing"
)

// dieWithParent is empty: only Linux kills a child with its parent.
func dieWithParent() *syscall.SysProcAttr { return nil }

// standsStill trusts the signal: there is no portable way to look.
func standsStill(int) bool { return true }

// reserve is for Linux alone: elsewhere a port is free when nothing listens on it.
func reserve(testing.TB, int) bool { return true }
