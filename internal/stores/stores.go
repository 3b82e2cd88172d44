package stores

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
)

// Store is a kind of store: how its real server is run and talked to.
type Store struct {
	Name  string // as in the name of its source
	Title string // as its makers write it

	// Layouts are those in which it can hold a configuration. A transaction is
	// written in all of them, so that sources of each can be compared.
	Layouts []Layout

	// Batch is how many keys one transaction may have.
	Batch int

	// Rest is how far apart writes have to be for each to be followed at once
	// rather than gathered with others, by the source's own defaults.
	Rest time.Duration

	// Serve starts a server that ends with the test. It keeps its data when it is killed.
	Serve func(testing.TB) *testserver.Server

	// Open makes a client of a server, or of a proxy to it. It notes its attempts
	// to connect in dials, if that isn't nil.
	Open func(addr string, dials *Dials) (Client, error)
}

// All returns the stores.
func All() []Store {
	return []Store{consulStore(), etcdStore(), redisStore(), zookeeperStore()}
}

// Of returns the store with a name, in whatever case.
func Of(name string) (Store, error) {
	for _, s := range All() {
		if strings.EqualFold(s.Name, name) {
			return s, nil
		}
	}
	return Store{}, fmt.Errorf("no store %q", name)
}

// Layout is how a store holds a configuration.
type Layout string

// The layouts.
const (
	Keys      Layout = "keys"
	Versioned Layout = "keys, version key"
	Hash      Layout = "hash"
	Document  Layout = "document"
)

// Client talks to a store by the store's own library. A key is segments joined
// by slashes, with no slash in front.
type Client interface {
	// Source makes a source that reads what a transaction with this root wrote.
	Source(l Layout, root string, o Options) source.Source

	// Commit makes all changes or none. Its error is [ErrConflict] if the guard
	// did not hold; after any other error the changes may have been made, and may
	// still be.
	Commit(context.Context, Transaction) error

	// Put writes one key that is there.
	Put(ctx context.Context, key, value string) error

	// Get returns the value of a key, as the leader knows it; "" if it isn't there.
	Get(ctx context.Context, key string) (string, error)

	// Read returns all keys below a root while nobody writes.
	Read(ctx context.Context, root string) (State, error)

	// Follow watches one key of a root as the store's documentation says, until
	// ctx ends or something fails. It calls began once nothing will be missed any
	// more, and seen with each value that it sees.
	Follow(ctx context.Context, root, key string, began func(), seen func(value string)) error

	Close()
}

// Options are what the sources of all stores have. What is zero is the source's default.
type Options struct {
	Probe     time.Duration
	Poll      time.Duration // of Redis, where notifications are off
	Separator string
	Format    document.Format // zero: JSON
	MaxKeys   int
}

// Transaction is what is written at once.
type Transaction struct {
	Root     string            // "": Put and Delete have whole keys, and only the layout of keys is written
	Put      map[string]string // by key, below the root
	New      bool              // none of these keys is there yet, which a client may rely on
	Delete   []string          // keys below the root that are there
	Document string            // the document; "": unchanged

	Guard string // a key below the root; "": none
	Was   string // the value that it must have; "": it must not be there
}

// ErrConflict is what Commit returns if the guard holds another value.
var ErrConflict = errors.New("the guard holds another value")

// key returns a whole key.
func (tx Transaction) key(k string) string {
	if tx.Root == "" {
		return k
	}
	return tx.Root + "/" + k
}

// DocumentKey, HashKey and VersionKey are the keys beside a root's that layouts use.
func DocumentKey(root string) string { return root + "-document" }
func HashKey(root string) string     { return root + "-hash" }
func VersionKey(root string) string  { return root + "-version" }

// State is what a store holds below a root: values by key.
type State map[string]string
