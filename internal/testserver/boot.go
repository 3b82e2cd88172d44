package testserver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// boot makes servers and starts them together. Where one of them ends at once, as it does when another
// program was faster to take its port, it makes new ones, on new ports.
func boot(t testing.TB, make func() []*Server) []*Server {
	t.Helper()
	for attempt := 1; ; attempt++ {
		servers := make()
		err := startAll(servers)
		if err == nil {
			return servers
		}
		for _, s := range servers {
			s.kill()
		}
		if attempt == 3 || !errors.Is(err, errExited) {
			t.Fatal(err)
		}
	}
}

// startAll launches those of the servers that are not running and returns once all of them serve.
func startAll(servers []*Server) error {
	for _, s := range servers {
		if s.cmd != nil {
			continue
		}
		if err := s.launch(); err != nil {
			return err
		}
	}
	for _, s := range servers {
		if err := s.await(); err != nil {
			return err
		}
	}
	return nil
}

// freePorts returns n ports of 127.0.0.1 on which nothing listens. They lie below the range from which
// the system takes the ports of outgoing connections, so that none of those takes the port of a server
// that is down for a moment; and no other test is given them.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, 0, n)
	for tries := 0; len(ports) < n; tries++ {
		port := 15000 + rand.IntN(17000)
		l, err := net.Listen("tcp", loopback(port))
		if err != nil && tries < 100 {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // at the end, so that no port is found twice
		if reserve(t, port) {
			ports = append(ports, port)
		}
	}
	return ports
}

func loopback(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

// poll calls try until it returns nil or errExited, or ctx ends; it then returns the last error as well.
// A single try is given attemptLimit.
func poll(ctx context.Context, try func(context.Context) error) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, attemptLimit)
		err := try(attempt)
		cancel()
		if err == nil || errors.Is(err, errExited) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(pollInterval):
		}
	}
}

// program returns the path of an executable: from .servers/bin of this directory or the nearest one
// above that has it, else from PATH.
func program(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		path := filepath.Join(dir, ".servers", "bin", name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name)
	}
	return path
}

// missing ends a test that needs something which isn't installed.
func missing(t testing.TB, what string) {
	t.Helper()
	end := t.Skipf
	if os.Getenv("CONFSYNC_REQUIRE_SERVERS") != "" || os.Getenv("CI") != "" {
		end = t.Fatalf
	}
	end("%s is not installed: run `make servers` at the root of the module", what)
}

// writeFile writes a file into the server's directory and returns its path.
func (s *Server) writeFile(name, content string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// newHTTPClient returns a client that keeps no connection, and shows the client's certificate if there
// are any.
func newHTTPClient(certs *Certs) *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: certs.client()}}
}
