// Package testserver runs the real stores that this module's tests talk to.
//
// Every server listens on free ports of 127.0.0.1 and keeps its files in a directory of its own. It is
// killed when its test ends, paused or not, and when the test binary dies. A test that needs a server
// which is not installed is skipped; with CONFSYNC_REQUIRE_SERVERS or CI in the environment it fails.
package testserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startTimeout = 3 * time.Minute // for a server to serve, on a busy machine
	stopTimeout  = time.Minute     // for a server to heed SIGTERM
	cliTimeout   = 2 * time.Minute // for one command of a client
	attemptLimit = 5 * time.Second // for one look whether a server serves
	pollInterval = 25 * time.Millisecond
)

// errExited says that a server ended by itself before it served.
var errExited = errors.New("exited")

// Server is one server process, or the place of one that has been stopped: it keeps its ports and its
// directory from one start to the next. Addr, DataDir, CLI and TryCLI may be called from any goroutine,
// the rest from one at a time. What goes wrong fails the test.
type Server struct {
	t     testing.TB
	name  string // for messages and file names
	dir   string // holds the log, the configuration, and data/
	ports []int  // the first is for clients

	argv   []string                    // the server's command line
	client []string                    // the client's, before the arguments of CLI
	env    []string                    // the client's, beyond the minimum
	check  func(context.Context) error // nil as soon as it serves
	leads  func(context.Context) bool  // whether it leads its cluster; nil where there is none

	cmd    *exec.Cmd     // nil unless running
	exited chan struct{} // closed by the goroutine that waits for cmd; nil unless running
	paused bool
}

// newServer returns a server that has ports ports and is yet to be given its command line.
// It is killed when the test ends.
func newServer(t testing.TB, name string, ports int) *Server {
	t.Helper()
	s := &Server{t: t, name: name, dir: workDir(t), ports: freePorts(t, ports)}
	s.makeData()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s %s: end of its log:\n%s", s.name, s.Addr(), s.logTail(15))
		}
		s.kill()
	})
	return s
}

// workDir returns a directory that is removed when the test has ended.
func workDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "confsync-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := removeAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// removeAll removes a directory of a server that was killed. A process that the server had started, such as
// the one in which Redis writes its log anew, may outlive it for a moment, and writes there until it ends.
func removeAll(dir string) (err error) {
	for range 600 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// Addr returns the address for clients, as host and port. It is the same after every start.
func (s *Server) Addr() string { return s.addr(0) }

// DataDir returns the directory that Wipe empties.
func (s *Server) DataDir() string { return filepath.Join(s.dir, "data") }

// Pid returns the process's id, and 0 while there is none.
func (s *Server) Pid() int {
	if s.cmd == nil {
		return 0
	}
	return s.cmd.Process.Pid
}

// Start starts a server that is not running and returns once it serves.
func (s *Server) Start() {
	s.t.Helper()
	s.Launch()
	if err := s.await(); err != nil {
		s.t.Fatal(err)
	}
}

// Launch starts a server that is not running and doesn't wait for it to serve: a member of a cluster
// can't until most of them run.
func (s *Server) Launch() {
	s.t.Helper()
	if err := s.launch(); err != nil {
		s.t.Fatal(err)
	}
}

// Ready returns nil as soon as the server serves, and an error that ends with the server's log once ctx
// has ended or the process has.
func (s *Server) Ready(ctx context.Context) error {
	if s.cmd == nil {
		return fmt.Errorf("%s %s: not running", s.name, s.Addr())
	}
	err := poll(ctx, func(ctx context.Context) error {
		select {
		case <-s.exited:
			return errExited
		default:
			return s.check(ctx)
		}
	})
	if err != nil {
		return fmt.Errorf("%s %s: not ready: %w; end of its log:\n%s", s.name, s.Addr(), err, s.logTail(40))
	}
	return nil
}

// Stop asks the server to end (SIGTERM) and returns once it has. One that is paused is resumed first, and
// one that doesn't heed is killed.
func (s *Server) Stop() {
	s.t.Helper()
	s.Resume()
	s.signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(stopTimeout):
		s.t.Logf("%s %s: did not end on SIGTERM within %v", s.name, s.Addr(), stopTimeout)
	}
	s.kill()
}

// Kill ends the server without its having a say (SIGKILL), paused or not, and returns once it is gone.
func (s *Server) Kill() {
	s.t.Helper()
	s.mustRun()
	s.kill()
}

// Pause stops the process (SIGSTOP) and returns once it stands still. The kernel goes on to accept and
// acknowledge for it, so its peers see connections on which nothing comes.
func (s *Server) Pause() {
	s.t.Helper()
	s.signal(sigPause)
	s.paused = true
	deadline := time.Now().Add(attemptLimit)
	for !standsStill(s.Pid()) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s %s: still moving %v after SIGSTOP", s.name, s.Addr(), attemptLimit)
		}
		time.Sleep(time.Millisecond)
	}
}

// Resume lets a paused server go on. It does nothing to one that isn't paused.
func (s *Server) Resume() {
	s.t.Helper()
	s.signal(sigResume)
	s.paused = false
}

// Wipe empties the data directory of a server that is not running, so that the next start makes a new
// store on the same address.
func (s *Server) Wipe() {
	s.t.Helper()
	if s.cmd != nil {
		s.t.Fatalf("%s %s: wipe: still running", s.name, s.Addr())
	}
	if err := removeAll(s.DataDir()); err != nil {
		s.t.Fatal(err)
	}
	s.makeData()
}

func (s *Server) addr(port int) string {
	return loopback(s.ports[port])
}

func (s *Server) makeData() {
	if err := os.Mkdir(s.DataDir(), 0o700); err != nil {
		s.t.Fatal(err)
	}
}

// launch starts the process, and the goroutine that waits for it and ends with it.
func (s *Server) launch() error {
	if s.cmd != nil {
		return fmt.Errorf("%s %s: already running", s.name, s.Addr())
	}
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()

	cmd := exec.Command(s.argv[0], s.argv[1:]...)
	cmd.Dir, cmd.Env = s.dir, s.environ()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // how it ended is in its log
	}()
	s.cmd, s.exited, s.paused = cmd, exited, false
	return nil
}

func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	return s.Ready(ctx)
}

// kill ends the process if there is one.
func (s *Server) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill() // an error says that it has ended already
	<-s.exited
	s.cmd, s.exited = nil, nil
}

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	s.mustRun()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatalf("%s %s: %v: %v; end of its log:\n%s", s.name, s.Addr(), sig, err, s.logTail(40))
	}
}

func (s *Server) mustRun() {
	s.t.Helper()
	if s.cmd == nil {
		s.t.Fatalf("%s %s: not running", s.name, s.Addr())
	}
}

// environ returns what a server and its client see of the environment: nothing in it configures
// them.
func (s *Server) environ() []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + s.dir}
	return append(env, s.env...)
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

// logTail returns the last lines of the server's log, of every start so far.
func (s *Server) logTail(lines int) string {
	log, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(log), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
