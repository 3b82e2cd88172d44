package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/confsync/confsync/cmd/confsync/place"
	"github.com/confsync/confsync/internal/testserver"
)

// stores returns the addresses of real servers, with a %s where options go.
func stores(t *testing.T) map[string]string {
	return map[string]string{
		"consul":     "consul://" + testserver.Consul(t, testserver.ConsulConfig{}).Addr() + "/apps/shop%s",
		"etcd":       "etcd://" + testserver.Etcd(t, testserver.EtcdConfig{}).Addr() + "/apps/shop%s",
		"redis":      "redis://" + testserver.Redis(t, testserver.RedisConfig{}).Addr() + "/apps/shop%s",
		"redis hash": "redis://" + testserver.Redis(t, testserver.RedisConfig{}).Addr() + "/shop?hash%s",
		"nats":       "nats://" + bucket(t) + "/config/apps.shop%s",
		"zookeeper":  "zk://" + testserver.ZooKeeper(t, testserver.ZooKeeperConfig{}).Addr() + "/apps/shop%s",
	}
}

// bucket returns a NATS server with a bucket named config.
func bucket(t *testing.T) (addr string) {
	addr = testserver.NATS(t).Addr()
	conn, err := nats.Connect(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err == nil {
		_, err = js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "config"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func TestPush(t *testing.T) {
	for name, address := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := fmt.Sprintf(address, "")
			first := write(t, "first.yaml", "server: {host: a, port: 8080}\nold: {only: {here: 1}}\nports: [1, 2]\n")
			second := write(t, "second.yaml", "server: {host: b, port: 8080}\nports: [1, 2]\nnew: {key: x}\n")

			invoke(t, "push", first, to, "--dry-run").want(t, exitOK, "5 to change, 0 unchanged")
			invoke(t, "push", first, to).want(t, exitTrouble, "nobody to ask")
			invoke(t, "push", first, to, "--yes").want(t, exitOK, "5 changed")
			invoke(t, "diff", first, to).want(t, exitOK)
			invoke(t, "push", first, to, "--yes").want(t, exitOK, "0 to change, 5 unchanged")

			invoke(t, "push", second, to, "--yes").want(t, exitOK, "2 to change, 3 unchanged", "1 only in the store")
			invoke(t, "-s", to, "get", "old.only.here").want(t, exitOK, "1\n")
			invoke(t, "push", second, to, "--yes", "--prune").want(t, exitOK, "1 to change")
			invoke(t, "diff", second, to).want(t, exitOK)
		})
	}
}

// TestPushMany asserts that more changes than one transaction takes are all made.
func TestPushMany(t *testing.T) {
	var doc strings.Builder
	for i := range 300 {
		fmt.Fprintf(&doc, "key%d: %d\n", i, i)
	}
	file := write(t, "many.yaml", doc.String())
	for name, address := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := fmt.Sprintf(address, "")
			invoke(t, "push", file, to, "--yes").want(t, exitOK, "300 changed")
			invoke(t, "diff", file, to).want(t, exitOK)
		})
	}
}

// TestPushDocument asserts that a file is written whole to one key.
func TestPushDocument(t *testing.T) {
	file := write(t, "app.yaml", "# a comment\nserver: {port: 8080}\n")
	for name, address := range stores(t) {
		if name == "redis hash" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := fmt.Sprintf(address, "?document=yaml")
			invoke(t, "push", file, to, "--yes").want(t, exitOK, "1 changed")
			invoke(t, "push", file, to, "--yes").want(t, exitOK, "0 to change")
			invoke(t, "-s", to, "get", "server.port").want(t, exitOK, "8080\n")
			invoke(t, "-s", to, "explain", "server.port").want(t, exitOK, ":2:16")
			invoke(t, "push", write(t, "x.json", "{}"), to).want(t, exitTrouble, "is JSON")
			invoke(t, "push", write(t, "bad.yaml", "a: ["), to, "--yes").want(t, exitTrouble, "bad.yaml")
		})
	}
}

// TestApplyMoved asserts that a change is refused when its key, present or
// absent, isn't any more as the plan says, and that nothing of it is written.
func TestApplyMoved(t *testing.T) {
	for name, address := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := place.Parse(fmt.Sprintf(address, ""))
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			key := func(name string) string { return p.Store.Layout().Key([]string{name}) }
			apply := func(changes ...place.Change) error { return place.Apply(t.Context(), p.Store, changes) }
			a, b, c := "a", "b", "c"
			if err := apply(place.Change{Key: key("x"), New: &a}); err != nil {
				t.Fatal(err)
			}
			plan, err := p.Store.Read(t.Context())
			if err != nil || plan[key("x")].Value != "a" {
				t.Fatalf("%v, %v", plan, err)
			}
			old := plan[key("x")]
			if err := apply(place.Change{Key: key("x"), Old: &old, New: &b}); err != nil {
				t.Fatal(err)
			}
			for what, change := range map[string]place.Change{
				"changed": {Key: key("x"), Old: &old, New: &c},
				"deleted": {Key: key("x"), Old: &old},
				"came":    {Key: key("x"), New: &c},
				"went":    {Key: key("y"), Old: &old, New: &c},
			} {
				if err := apply(change, place.Change{Key: key("z"), New: &c}); !errors.Is(err, place.ErrMoved) {
					t.Errorf("%s: got %v, want ErrMoved", what, err)
				}
			}
			if now, err := p.Store.Read(t.Context()); err != nil || len(now) != 1 || now[key("x")].Value != "b" {
				t.Errorf("%v, %v", now, err)
			}
		})
	}
}

func TestPushRefuses(t *testing.T) {
	to := "redis://" + testserver.Redis(t, testserver.RedisConfig{}).Addr() + "/app"
	invoke(t, "push", write(t, "x.yaml", "a: null\nb: {\"..\": 1}\n"), to, "--yes").want(t, exitTrouble, "a: a null", "can't be part of a key")
	invoke(t, "push", write(t, "x.txt", "a"), to, "--yes").want(t, exitTrouble, "doesn't tell the format")
	invoke(t, "push", write(t, "x.yaml", "a: 1"), "env:APP", "--yes").want(t, exitTrouble, "can't be pushed to")
}
