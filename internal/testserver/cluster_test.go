package testserver

import (
	"strings"
	"testing"
)

// A cluster that loses its leader elects another and keeps what was written.
func TestClusterLosesItsLeader(t *testing.T) {
	for _, tc := range []struct {
		name  string
		start func(t *testing.T) *Cluster
		put   []string
		get   []string
	}{
		{
			"consul",
			func(t *testing.T) *Cluster { return ConsulCluster(t, 3, ConsulConfig{}) },
			[]string{"kv", "put", "k", "v"}, []string{"kv", "get", "k"},
		},
		{
			"etcd",
			func(t *testing.T) *Cluster { return EtcdCluster(t, 3, EtcdConfig{}) },
			[]string{"put", "k", "v"}, []string{"get", "k", "--print-value-only"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := tc.start(t)
			if got := len(c.Addrs()); got != 3 {
				t.Fatalf("%d addresses, want 3", got)
			}
			first := c.Leader()
			first.CLI(tc.put...)
			first.Kill()
			second := c.Leader()
			if second == first {
				t.Fatal("the killed member leads")
			}
			wantPrinted(t, second, tc.get, "v")

			second.Pause()
			first.Start()
			third := c.Leader()
			if third == second {
				t.Fatal("the paused member leads")
			}
			wantPrinted(t, third, tc.get, "v")
			second.Resume()
			if err := second.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}

			for _, s := range c.Servers {
				s.Kill()
			}
			c.Servers[0].Launch()
			if err := answers(c.Servers[0]); err == nil {
				t.Error("one member of three serves")
			}
			c.Start()
			wantPrinted(t, c.Leader(), tc.get, "v")
		})
	}
}

func wantPrinted(t *testing.T, s *Server, command []string, want string) {
	t.Helper()
	if got := s.CLI(command...); got != want {
		t.Errorf("%s on %s: %q, want %q", strings.Join(command, " "), s.Addr(), got, want)
	}
}
