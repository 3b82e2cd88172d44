// Package redis reads configuration from Redis, and watches it: on one server,
// through Sentinel, or on a Cluster.
//
// The string keys below a prefix are one tree: with the prefix "apps/checkout",
// the key "apps/checkout/server/port" is server.port. It may be kept in other
// ways that are cheaper to read, and exact whatever the writers do: in one hash
// (Options.Hash), in one document (Options.Document), or in keys whose writers
// change a version key too (Options.VersionKey).
//
// # How it hears of changes
//
// Each Watch has a connection of its own to the server, on a Cluster to each
// primary. It is made with the dialer, the credentials, the database and the
// OnConnect of the client that was given to [New], and closed with the Watch. On
// it the server is asked, and tells of changes; so what is told and what is read
// are of one server, in the order in which it did them. The client's pool, hooks,
// limiter, retries and time-outs have no part in it.
//
// Redis keeps no history. Of changes it tells in two ways, of which neither is
// sure to be there:
//
//   - Keyspace notifications are off unless notify-keyspace-events is set ("KA",
//     or at least "Kg$xe"). The source doesn't change that setting unless
//     Options.SetNotify says so. They cost one round trip a change.
//   - CLIENT TRACKING needs no setting, and is there from Redis 6 on. It costs a
//     second round trip where the keys are many.
//
// For keys below a prefix the source takes notifications where they are on, else
// tracking; for a hash or a document, tracking. Where it may do neither it polls.
// It looks again at every probe. Where it isn't the first of these, the
// snapshot's note says why.
//
// Whatever is told of is read anew, together with all that is told of until that
// has been read, so that it is a state that the server had at one instant: a
// transaction arrives whole. If writers don't leave time for that, the note
// begins with "not at one revision". So does that of what was polled, unless
// there is a version key, since a key that comes and goes while the others are
// read can't be noticed. A hash and a document are always read whole. On a
// Cluster all this is so for keys in one slot, as with the prefix "{app}"; keys in
// several slots can't be written together, and aren't read together.
//
// SWAPDB is told to nobody, and a message may be lost. Every probe therefore
// compares some of what was read with what the server holds, and Options.Resync
// reads everything. Until then, keys that are told of after such a loss are read
// beside older ones.
//
// # What it costs
//
// What is below a prefix is found with SCAN, which walks the whole database: once
// when a Watch begins, at each Resync, and at each Poll without a version key. A
// million other keys cost the server about a second each time, in steps of a
// millisecond. Where there are many other keys, keep the configuration in a hash
// or a document, which are read with one command, or in a database of its own.
//
// What is to be sent to a client that has subscribed is bounded by the server's
// client-output-buffer-limit for pubsub, 32 MB unless set. Keys are read in pages
// of 256 KiB; a single value beyond that bound can't be read.
//
// # What it needs
//
// A user of Redis's ACLs needs the keys; +@read and +@connection, and on a Cluster
// +cluster|slots +cluster|info. For notifications it needs +config|get, unless
// Options.TrustNotify is set; +subscribe +psubscribe; and the channel
// "__keyspace@0__:apps/checkout/*", written exactly so, with the number of the
// database, for a version key the channel of that one too. A right to a key that
// is missing is an error, never a deletion.
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
// VersionKey and Document or Decode at most one may be set.
type Options struct {
	// Separator stands between the segments of a key. "": "/".
	Separator string

	// Hash says that the prefix is the key of one hash that holds everything: its
	// fields are the keys, without a prefix.
	Hash bool

	// VersionKey is a key whose value every writer changes in the transaction
	// that writes the others. Where changes aren't told of, everything is read only
	// when it has changed, and what was read counts only if it stayed the same
	// meanwhile. It is not part of the tree; its value is the snapshot's revision.
	// On a Cluster it must be in the slot of the other keys.
	VersionKey string

	// Document says that the prefix is the key of one string, which holds a
	// document of this format. While there is no such key, the snapshot's error
	// wraps [source.ErrAbsent]. Zero: it is not.
	Document document.Format

	// Decode reads the document instead of Document's format: another language, or
	// an encrypted document. It says that there is a document, as Document does.
	// The limits are those of these options. Each value's origin is the place that
	// the tree has for it, in the key. An error may be made of [tree.Problem]
	// values, which have lines and columns; it must not hold the document's
	// values, which may be secrets. nil: Document decides.
	Decode func(data []byte, limits document.Limits) (tree.Tree, error)

	// Poll is the longest time between two readings where changes aren't told of.
	// Zero: 30s.
	Poll time.Duration

	// Resync is the longest time between two readings of everything where they are.
	// Zero: 10m. Negative: never.
	Resync time.Duration

	// Probe is the longest time between two looks at the connection, the server's
	// role and settings, and some of the keys. A server that falls silent, that
	// has become a replica, or that Sentinel has replaced, is reported within Probe
	// and Timeout. With Sentinel, each look makes a connection. Zero: 10s.
	Probe time.Duration

	// Timeout is how long a server may send nothing while it owes an answer, and
	// how long a connection may take to be made. An answer that takes longer to
	// arrive is not a failure while it arrives. Zero: 5s.
	Timeout time.Duration

	// Gather is how long, at the most, after a change the next ones are gathered,
	// to be read together. A change that comes after a rest is read at once.
	// Zero: 100ms. Negative: not at all.
	Gather time.Duration

	// SetNotify lets the source add to notify-keyspace-events, on every primary,
	// the flags that it needs.
	SetNotify bool

	// TrustNotify says that notifications are on, so that the source need not
	// look. It is for services that don't permit CONFIG, where tracking, which is
	// used otherwise, isn't good enough.
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
	opts.Gather = cmp.Or(opts.Gather, 100*time.Millisecond)
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
// caller's, who owns its TLS, credentials and closing. The connections that its
// Dialer makes must heed deadlines, or Watch returns an error. Nil options are the
// zero Options. Options that exclude one another panic.
func New(client goredis.UniversalClient, prefix string, opts *Options) source.Source {
	o := opts.withDefaults()
	s := &store{
		client: client,
		opts:   o,
		prefix: prefix,
		keys:   source.Keys{Root: prefix, Separator: o.Separator},
	}
	if o.Hash && o.VersionKey != "" || (o.Hash || o.VersionKey != "") && s.isDocument() {
		panic("redis: of Hash, VersionKey and Document or Decode at most one may be set")
	}
	return s
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
	if !s.opts.Hash && !s.isDocument() {
		key = s.keys.Key(nil)
	}
	return strings.TrimSpace("redis " + tree.Printable(key))
}

// Watch follows the prefix until a connection or a reading fails, or the
// primaries change. The goroutine that calls it does so alone; it waits for those
// that it starts where there are several primaries, or where emit takes its time.
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

func (s *store) isDocument() bool { return s.opts.Document != 0 || s.opts.Decode != nil }

func (s *store) bounds() source.Bounds {
	return source.Bounds{MaxKeys: s.opts.MaxKeys, MaxBytes: s.opts.MaxBytes}
}

func (s *store) origin(key string, _ int64) tree.Origin {
	return tree.Origin{Layer: s.Name(), Kind: "redis", Key: key}
}
