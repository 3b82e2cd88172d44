package testserver

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/await"
)

// store is how the tests use one kind of server.
type store struct {
	kind  string
	start func(testing.TB) *Server // keeps its data across a kill
	put   func(s *Server, value string)
	get   func(s *Server) string // empty: no such key
}

func stores() []store {
	return []store{
		{
			"consul",
			func(t testing.TB) *Server { return Consul(t, ConsulConfig{Persistent: true}) },
			func(s *Server, value string) { s.CLI("kv", "put", "k", value) },
			func(s *Server) string {
				value, err := s.TryCLI("kv", "get", "k")
				if err != nil && !strings.Contains(err.Error(), "No key exists") {
					s.t.Fatal(err)
				}
				return value
			},
		},
		{
			"redis",
			func(t testing.TB) *Server { return Redis(t, RedisConfig{Persistent: true}) },
			func(s *Server, value string) { s.CLI("SET", "k", value) },
			func(s *Server) string { return s.CLI("GET", "k") },
		},
		{
			"etcd",
			func(t testing.TB) *Server { return Etcd(t, EtcdConfig{}) },
			func(s *Server, value string) { s.CLI("put", "k", value) },
			func(s *Server) string { return s.CLI("get", "k", "--print-value-only") },
		},
		{
			"zookeeper",
			func(t testing.TB) *Server { return ZooKeeper(t, ZooKeeperConfig{}) },
			func(s *Server, value string) { s.CLI("create", "/k", value) },
			func(s *Server) string {
				out, err := s.TryCLI("get", "/k")
				if err != nil && strings.Contains(err.Error(), "Node does not exist") {
					return ""
				}
				if err != nil {
					s.t.Fatal(err)
				}
				return out[strings.LastIndex(out, "\n")+1:] // below what it says about its session
			},
		},
	}
}

func TestLifeOfAServer(t *testing.T) {
	for _, st := range stores() {
		t.Run(st.kind, func(t *testing.T) {
			t.Parallel()
			s := st.start(t)
			addr := s.Addr()
			st.put(s, "one")

			s.Pause()
			if err := answers(s); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("paused: a request got %v, want a timeout", err)
			}
			if !connects(addr) {
				t.Error("paused: the kernel refuses a connection")
			}
			s.Resume()
			if err := s.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantValue(t, st, s, "resumed", "one")

			first := s.Pid()
			s.Kill()
			if connects(addr) {
				t.Error("killed: still accepts connections")
			}
			wantGone(t, first)
			s.Start()
			wantValue(t, st, s, "killed and started", "one")

			s.Stop()
			s.Start()
			wantValue(t, st, s, "stopped and started", "one")

			s.Pause()
			s.Kill()
			s.Wipe()
			s.Start()
			wantValue(t, st, s, "wiped", "")
			if s.Addr() != addr {
				t.Errorf("address moved from %s to %s", addr, s.Addr())
			}
			if second := s.Pid(); second == first {
				t.Errorf("pid is %d as before", second)
			}
		})
	}
}

func TestNoProcessOutlivesItsTest(t *testing.T) {
	for _, st := range stores() {
		for _, state := range []string{"running", "paused", "stopped"} {
			t.Run(st.kind+"/"+state, func(t *testing.T) {
				t.Parallel()
				var pid int
				t.Run("inner", func(t *testing.T) {
					s := st.start(t)
					pid = s.Pid()
					switch state {
					case "paused":
						s.Pause()
					case "stopped":
						s.Stop()
					}
				})
				if pid == 0 {
					t.Fatal("no process was started")
				}
				wantGone(t, pid)
			})
		}
	}
}

// A test binary that dies takes its servers with it. This test runs itself as that binary.
func TestNoProcessOutlivesTheTestBinary(t *testing.T) {
	const role = "CONFSYNC_TESTSERVER_DIES"
	if os.Getenv(role) != "" {
		s := Redis(t, RedisConfig{})
		s.Pause()
		os.Stdout.WriteString("pid " + strconv.Itoa(s.Pid()) + "\n")
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		t.Fatal(err)
	}
	if dieWithParent() == nil {
		t.Skip("this system does not kill a child with its parent")
	}
	program(t, "redis-server")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), role+"=1")
	out, err := cmd.Output()
	if err == nil {
		t.Fatal("the inner test binary did not die")
	}
	_, after, found := strings.Cut(string(out), "pid ")
	number, _, _ := strings.Cut(after, "\n")
	pid, err := strconv.Atoi(number)
	if !found || err != nil {
		t.Fatalf("no pid in the output %q", out)
	}
	await.Until(t, "the orphan is gone", func() bool { return !alive(pid) })
}

func TestReadyTellsWhyNot(t *testing.T) {
	s := Redis(t, RedisConfig{})
	s.Stop()
	if err := s.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "not running") {
		t.Errorf("stopped: Ready() = %v, want not running", err)
	}
	s.argv = append(s.argv, "--no-such-setting", "1")
	s.Launch()
	err := s.Ready(t.Context())
	if !errors.Is(err, errExited) || !strings.Contains(err.Error(), "no-such-setting") {
		t.Errorf("refused: Ready() = %v, want that it exited, and its log", err)
	}
}

func TestMissingProgram(t *testing.T) {
	for _, tc := range []struct {
		name, require, ci string
		want              string
	}{
		{"by hand", "", "", "skip"},
		{"required", "1", "", "fatal"},
		{"on CI", "", "true", "fatal"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("CONFSYNC_REQUIRE_SERVERS", tc.require)
			t.Setenv("CI", tc.ci)
			r := &recorder{TB: t}
			func() {
				defer func() { _ = recover() }()
				program(r, "no-such-store")
			}()
			if r.ended != tc.want || !strings.Contains(r.message, "make servers") {
				t.Errorf("ended by %q with %q, want %s and what to run", r.ended, r.message, tc.want)
			}
		})
	}
}

// recorder is a test that notes how it was ended.
type recorder struct {
	testing.TB
	ended, message string
}

func (r *recorder) Skipf(format string, _ ...any)  { r.end("skip", format) }
func (r *recorder) Fatalf(format string, _ ...any) { r.end("fatal", format) }

func (r *recorder) end(how, message string) {
	r.ended, r.message = how, message
	panic("ended")
}

// answers makes one request with a short deadline.
func answers(s *Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), 700*time.Millisecond)
	defer cancel()
	if err := s.check(ctx); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	return nil
}

func connects(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && p.Signal(syscall.Signal(0)) == nil
}

func wantGone(t *testing.T, pid int) {
	t.Helper()
	if alive(pid) {
		t.Errorf("process %d is still there", pid)
	}
}

func wantValue(t *testing.T, st store, s *Server, when, want string) {
	t.Helper()
	if got := st.get(s); got != want {
		t.Errorf("%s: value %q, want %q", when, got, want)
	}
}

// TestPortsAreKept asserts that a port on which nothing listens any more, as of a
// server that is down, is given to no other test before its own ends.
func TestPortsAreKept(t *testing.T) {
	if dieWithParent() == nil {
		t.Skip("only on Linux")
	}
	var port int
	t.Run("its own", func(t *testing.T) {
		port = freePorts(t, 1)[0]
		if reserve(t, port) {
			t.Error("given twice")
		}
	})
	if !reserve(t, port) {
		t.Error("kept after the test")
	}
}
