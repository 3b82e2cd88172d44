// Package redis reads configuration from Redis, and watches it with keyspace
// notifications: on one server, through Sentinel, or on a Cluster.
//
// The string keys below a prefix are one tree: with the prefix "apps/checkout",
// the key "apps/checkout/server/port" is server.port. It may be kept in other
// ways that are cheaper to read, and exact whatever the writers do: in one hash
// (Options.Hash), in one document (Options.Document), or in keys whose writers
// change a version key too (Options.VersionKey).
//
// # Notifications are a hint
//
// Redis keeps no history, and its notifications are off unless
// notify-keyspace-events is set ("KA", or at least "Kg$xe", and "Kghxe$" for a
// hash). The source never changes that setting unless Options.SetNotify says
// so. It looks whether they are on, and again at every probe; where they are
// off, or it may not look, it polls, and the snapshot's note says so.
//
// Where they are on, whatever is notified is read anew, together with all that
// is notified until that has been read, so that it is a state that the server
// had at one instant: a transaction arrives whole. Polling reads all keys with
// one command, and makes sure that they are all. On a Cluster this is so for
// keys in one slot, as with the prefix "{app}"; keys in several slots can't be
// written together, and aren't read together.
//
// FLUSHALL and SWAPDB notify nobody, and a message may be lost. Every probe
// therefore compares some keys with what the server holds, and Options.Resync
// reads everything. Until then, keys that are notified after such a loss are
// read beside older ones. A hash and a document are always read whole.
//
// # What it needs
//
// A user of Redis's ACLs needs the keys; +@read +@connection +subscribe
// +psubscribe, and on a Cluster +cluster|slots +cluster|info; and the channel
// "__keyspace@0__:apps/checkout/*", written exactly so, with the number of the
// database. For a hash or a document that is the channel of its key, and for a
// version key the channel of that one is needed too. With +config|get the source
// can see for itself that notifications are on. A right that is missing is an
// error, never a deletion.
//
// A server that is a replica is an error: it may be behind.
package redis

import (
	"cmp"
	"context"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// Options say how a prefix is read. The zero Options are ready to use. Of Hash,
// VersionKey and Document at most one may be set.
type Options struct {
	// Separator stands between the segments of a key. "": "/".
	Separator string

	// Hash says that the prefix is the key of one hash that holds everything: its
	// fields are the keys, without a prefix.
	Hash bool

	// VersionKey is a key whose value every writer changes in the transaction
	// that writes the others. Where notifications are off, everything is read only
	// when it has changed, and what was read counts only if it stayed the same
	// meanwhile. It is not part of the tree; its value is the snapshot's revision.
	// On a Cluster it must be in the slot of the other keys.
	VersionKey string

	// Document says that the prefix is the key of one string, which holds a
	// document of this format. While there is no such key, the snapshot's error
	// wraps [source.ErrAbsent]. Zero: it is not.
	Document document.Format

	// Poll is the longest time between two readings where notifications are off.
	// Zero: 30s.
	Poll time.Duration

	// Resync is the longest time between two readings of everything where they are on.
	// Zero: 10m. Negative: never.
	Resync time.Duration

	// Probe is the longest time between two looks at the connection, the server's
	// role and settings, and some of the keys. A server that falls silent is
	// reported within Probe and Timeout. Zero: 10s.
	Probe time.Duration

	// Timeout bounds the wait for an answer on the subscribed connection. A
	// command's is bounded by the client's ReadTimeout and retries, and by
	// Timeout between retries. Zero: 5s.
	Timeout time.Duration

	// Gather is how long, at the most, after a change the next ones are gathered,
	// to be read together. A change that comes after a rest is read at once.
	// Zero: 150ms. Negative: not at all.
	Gather time.Duration

	// SetNotify lets the source add to notify-keyspace-events, on every primary,
	// the flags that it needs.
	SetNotify bool

	// TrustNotify says that notifications are on, so that the source need not
	// look. It is for services that don't permit CONFIG.
	TrustNotify bool

	// MaxKeys and MaxBytes bound what the prefix may hold, the bytes being those
	// of keys and values. Beyond either the snapshot is an error. Zero: 100,000
	// and 64 MiB. Negative: no bound.
	MaxKeys, MaxBytes int
}

func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	opts.Separator = cmp.Or(opts.Separator, "/")
	opts.Poll = cmp.Or(opts.Poll, 30*time.Second)
	opts.Resync = cmp.Or(opts.Resync, 10*time.Minute)
	opts.Probe = cmp.Or(opts.Probe, 10*time.Second)
	opts.Timeout = cmp.Or(opts.Timeout, 5*time.Second)
	opts.Gather = cmp.Or(opts.Gather, 150*time.Millisecond)
	opts.MaxKeys = cmp.Or(opts.MaxKeys, 100_000)
	opts.MaxBytes = cmp.Or(opts.MaxBytes, 64<<20)
	return opts
}

// New makes the source of the keys below a prefix, "" being the whole database.
// The prefix ends at a separator, there or not: "app" never takes
// "application".
//
// The client is a *redis.Client, to one server or through Sentinel, or a
// *redis.ClusterClient; Watch returns an error for any other. It stays the
// caller's, who owns its TLS, credentials and closing. Nil options are the zero
// Options. Options that exclude one another panic.
func New(client goredis.UniversalClient, prefix string, opts *Options) source.Source {
	o := opts.withDefaults()
	if o.Hash && o.VersionKey != "" || (o.Hash || o.VersionKey != "") && o.Document != 0 {
		panic("redis: of Hash, VersionKey and Document at most one may be set")
	}
	return &store{
		client: client,
		opts:   o,
		prefix: prefix,
		keys:   source.Keys{Root: prefix, Separator: o.Separator},
	}
}

// store is the source. All that a Watch learns is in variables of that Watch.
type store struct {
	client goredis.UniversalClient
	opts   Options
	prefix string
	keys   source.Keys
	single source.Single
}

func (s *store) Name() string {
	key := s.prefix
	if !s.opts.Hash && s.opts.Document == 0 {
		key = s.keys.Key(nil)
	}
	return strings.TrimSpace("redis " + tree.Printable(key))
}

// Watch follows the prefix until a connection or a reading fails, or the
// primaries change. Beside the goroutine that calls it there is one for the
// connection to each primary, which it stops and waits for.
func (s *store) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := s.single.Enter(); err != nil {
		return err
	}
	defer s.single.Leave()
	err := s.watch(ctx, emit)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (s *store) bounds() source.Bounds {
	return source.Bounds{MaxKeys: s.opts.MaxKeys, MaxBytes: s.opts.MaxBytes}
}

func (s *store) table(keys source.Keys, origin func(string) tree.Origin) *source.Table {
	at := func(key string, _ int64) tree.Origin { return origin(key) }
	return &source.Table{Keys: keys, Bounds: s.bounds(), Origin: at}
}

func (s *store) origin(key string) tree.Origin {
	return tree.Origin{Layer: s.Name(), Kind: "redis", Key: key}
}
