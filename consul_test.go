package confsync_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/file"
)

// checkout is a program of three layers: a file, a live Consul and the
// environment.
type checkout struct {
	*confsync.Config[app]
	server *testserver.Server
	ports  chan confsync.Change[uint16]
	file   string
}

func openCheckout(t *testing.T) *checkout {
	t.Helper()
	server := testserver.Consul(t, testserver.ConsulConfig{Persistent: true})
	client, err := api.NewClient(&api.Config{Address: server.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte("# defaults\nserver:\n  port: 8080\n  host: from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := func() []string { return []string{"CHECKOUT_DB_MAX_CONNS=7"} }
	c := openApp(t, confsync.Options[app]{
		Sources: []source.Source{
			file.New(path, nil),
			consul.New(client, "apps/checkout", &consul.Options{Probe: time.Second}),
			env.New("CHECKOUT", &env.Options{Environ: environ}),
		},
		Policy: source.Policy{StaleAfter: 2 * time.Second, MaxBackoff: time.Second},
	})
	ports := make(chan confsync.Change[uint16], 100)
	confsync.Watch(c, func(a *app) uint16 { return a.Server.Port }, func(ch confsync.Change[uint16]) { ports <- ch })
	return &checkout{c, server, ports, path}
}

// told waits for the callback to be told of a port.
func (c *checkout) told(t *testing.T, want uint16) {
	t.Helper()
	select {
	case ch := <-c.ports:
		if ch.New != want {
			t.Fatalf("callback was told %d, want %d", ch.New, want)
		}
	case <-time.After(within):
		t.Fatalf("callback was not told %d; %v", want, c.Status())
	}
}

func (c *checkout) consul() source.Status { return c.Status().Sources[1] }

func TestThreeLayersWithConsul(t *testing.T) {
	c := openCheckout(t)
	if a := c.Get(); a.Server.Port != 8080 || a.DB.MaxConns != 7 || a.Server.Host != "from-file" {
		t.Fatalf("opened with %+v", a)
	}
	c.server.CLI("kv", "put", "apps/checkout/server/port", "9090")
	c.told(t, 9090)
	c.server.CLI("kv", "delete", "apps/checkout/server/port")
	c.told(t, 8080)
}

// TestBadValueInConsul is the first promise, with the message in full.
func TestBadValueInConsul(t *testing.T) {
	c := openCheckout(t)
	before := c.Get()
	c.server.CLI("kv", "put", "apps/checkout/server/port", "80a")
	eventually(t, "rejected", func() bool { return c.Status().Rejected != nil })
	if c.Get() != before {
		t.Error("another value is served")
	}
	lines := strings.Split(c.Status().Rejected.Error(), "\n")
	want := []string{
		`confsync: update rejected, 1 problem; still serving generation 1 (since `,
		``,
		`server.port: cannot use string "80a" as uint16`,
		`    from   consul "apps/checkout/server/port" (index `,
		`    into   app.Server.Port`,
		`    hides  8080 from file ` + c.file + `:3:9`,
	}
	for i, w := range want {
		if i >= len(lines) || !strings.HasPrefix(lines[i], w) {
			t.Fatalf("line %d of\n%s\nis not %q", i+1, strings.Join(lines, "\n"), w)
		}
	}
	c.server.CLI("kv", "put", "apps/checkout/server/port", "9091")
	c.told(t, 9091)
	if c.Status().Rejected != nil {
		t.Errorf("not healed: %v", c.Status().Rejected)
	}
}

// TestConsulKilledAndWiped is the fourth promise: the server dies, the value
// stays and the status says since when; another server with other contents
// comes in its place, and the value is what that one holds.
func TestConsulKilledAndWiped(t *testing.T) {
	c := openCheckout(t)
	c.server.CLI("kv", "put", "apps/checkout/server/port", "9090")
	c.told(t, 9090)
	if st := c.consul(); st.State != source.Live {
		t.Fatalf("before the fault: %+v", st)
	}
	killed := time.Now()
	c.server.Kill()
	eventually(t, "stale", func() bool { return c.consul().State == source.Stale })
	if st := c.consul(); st.Since.Before(killed) || st.Err == nil || c.Get().Server.Port != 9090 {
		t.Errorf("while dead: %+v, port %d", st, c.Get().Server.Port)
	}
	c.server.Wipe()
	c.server.Start()
	c.told(t, 8080)
	c.server.CLI("kv", "put", "apps/checkout/server/port", "9191")
	c.told(t, 9191)
	if st := c.consul(); st.State != source.Live || st.Err != nil {
		t.Errorf("after the fault: %+v", st)
	}
}

// TestConsulTransactionIsOneGeneration writes many keys at once.
func TestConsulTransactionIsOneGeneration(t *testing.T) {
	c := openCheckout(t)
	client, err := api.NewClient(&api.Config{Address: c.server.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 5 {
		var ops api.TxnOps
		for _, key := range []string{"pair/a", "pair/b"} {
			ops = append(ops, &api.TxnOp{KV: &api.KVTxnOp{Verb: api.KVSet, Key: "apps/checkout/" + key, Value: []byte{'1' + byte(round)}}})
		}
		if ok, _, _, err := client.Txn().Txn(ops, nil); !ok || err != nil {
			t.Fatal(ok, err)
		}
		eventually(t, "the transaction", func() bool { return c.Get().Pair.A == round+1 })
		if got, gen := c.Get().Pair, c.Generation(); got.B != got.A || gen != uint64(round)+2 {
			t.Errorf("generation %d serves %+v", gen, got)
		}
	}
}
