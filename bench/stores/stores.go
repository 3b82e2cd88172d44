// Package stores drives the four stores in the same way: it starts a server,
// writes to it, and watches a prefix of it with the store's own client as well
// as with confsync.
package stores

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
)

// Store is one kind of store.
type Store struct {
	Name string

	// Rest is how far apart writes have to be for each to be followed at once
	// rather than gathered with others, by the source's own defaults.
	Rest time.Duration

	start func(testing.TB) *testserver.Server
	open  func(addr string) (Client, error)
}

// All are the stores.
func All() []Store {
	return []Store{
		{Name: "Consul", Rest: 20 * time.Millisecond, start: startConsul, open: openConsul},
		{Name: "etcd", Rest: 10 * time.Millisecond, start: startEtcd, open: openEtcd},
		{Name: "Redis", Rest: 170 * time.Millisecond, start: startRedis, open: openRedis},
		{Name: "ZooKeeper", Rest: 10 * time.Millisecond, start: startZooKeeper, open: openZooKeeper},
	}
}

// Of is the store with that name.
func Of(name string) (Store, error) {
	for _, s := range All() {
		if strings.EqualFold(s.Name, name) {
			return s, nil
		}
	}
	return Store{}, fmt.Errorf("no store %q", name)
}

// Start starts a server that ends with t.
func (s Store) Start(t testing.TB) *testserver.Server { return s.start(t) }

// Open connects to a server. Each Client has connections of its own.
func (s Store) Open(addr string) (Client, error) {
	c, err := s.open(addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return c, nil
}

// Client is a client of a store. Keys are segments joined by slashes, with no
// slash in front.
type Client interface {
	// Put writes one key.
	Put(ctx context.Context, key, value string) error

	// Fill writes many keys that are new.
	Fill(ctx context.Context, pairs []Pair) error

	// Follow watches one key of a prefix as the store's documentation says, until
	// ctx ends or something fails. It calls began once nothing will be missed any
	// more, and seen with each value that it sees.
	Follow(ctx context.Context, prefix, key string, began func(), seen func(value string)) error

	// Source is confsync's source of a prefix, with this client.
	Source(prefix string) source.Source

	Close()
}

// Pair is a key and its value.
type Pair struct{ Key, Value string }

// Tree is what the prefixes hold: one value, and many that don't change.
type Tree struct {
	Value string
	Keys  map[string]string
}

// ValueKey is the key of the one value.
func ValueKey(prefix string) string { return prefix + "/value" }

// Prepare fills a prefix with n keys in all.
func Prepare(ctx context.Context, c Client, prefix string, n int) error {
	pairs := make([]Pair, n)
	pairs[0] = Pair{ValueKey(prefix), "0"}
	for i := 1; i < n; i++ {
		pairs[i] = Pair{fmt.Sprintf("%s/keys/key-%05d", prefix, i), noise(i)}
	}
	return c.Fill(ctx, pairs)
}

// noise is a value that can't be packed much: 10,000 of them, with their keys,
// are about a megabyte.
func noise(i int) string {
	sum := sha512.Sum512([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
	return base64.StdEncoding.EncodeToString(sum[:])
}
