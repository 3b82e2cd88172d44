// Package nats reads configuration from a NATS JetStream key-value bucket and
// watches it.
//
// The keys below a prefix are one tree: with the prefix "apps.checkout", the key
// "apps.checkout.server.port" is the value server.port. With [Options].Document the
// prefix is one key instead, and its value a document.
//
// # How it is kept in step
//
// N1. One watcher tells of what is there and then of each change, in the order of
// the stream, so nothing falls between. What is emitted is the state at one
// revision of the bucket. A key that changes again before the watcher was told of it
// leaves a gap in the revisions, as keys that are not the source's do; what is there
// after a gap is emitted when a probe has found that nothing is missing. If it hasn't
// for two seconds, as somebody always writes to the bucket or a replica of its stream is
// behind the leader, what is there is emitted all the same, and the snapshot's Note says
// so.
//
// N2. The client makes its watcher anew when a message is missing or the
// connection was lost, and goes on from the last revision.
//
// N3. Nobody is told that a bucket was deleted, made anew, restored or purged, or
// that keys have expired without a marker. So each probe asks for the state of the
// bucket's stream. One that is another, has gone back, or lacks what the tree has,
// ends the Watch, and the next reads everything.
//
// N4. A deletion, a purge and the marker that an expired key leaves are deletions.
// Neither they nor a key's history are values.
//
// N5. A probe is answered by the stream's leader, so a stream without one is told
// of within Probe and Timeout together, as is a server that is silent.
//
// N6. A bucket in memory is gone when its server starts again. That is an error,
// and no empty tree. A bucket made in its place is a new one, from its first
// revision on.
//
// N7. A watcher that is silent about a change is noticed by the second probe after it.
//
// # Limits
//
// A key that was deleted in the stream itself, rather than in the bucket, while
// others are written, is noticed by the next Watch only. A bucket whose keys expire should
// have markers (jetstream.KeyValueConfig.LimitMarkerTTL), so that the watcher is
// told; without them each expiry costs a reading of everything.
//
// A watcher is stopped by a request to the server. Where that doesn't answer, a
// goroutine waits for it as long as the client does (5s by default) after Watch has
// returned. Every other goroutine ends before.
package nats

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// Options say how a bucket is read. The zero Options, like a nil *Options, are
// ready to use.
type Options struct {
	// Document says that the prefix is one key whose value is a document of this
	// format. While there is no such key, the snapshot's error wraps
	// [source.ErrAbsent]. Zero, with a nil Decode: the prefix has keys below it.
	Document document.Format

	// Decode reads the document instead of Document's format. Nil: the format.
	Decode func([]byte, document.Limits) (tree.Tree, error)

	// Separator parts the segments of a key. Zero: ".", the only one that the
	// server knows. With another one, such as "/", the source is told of every
	// change in the bucket and drops what is not below the prefix.
	Separator string

	// MaxKeys and MaxBytes bound what may be below the prefix, the bytes being
	// those of keys and values. Beyond either the snapshot is an error, until the
	// bucket has changed and less is found. Zero: 100,000 and 64 MiB. Negative: no
	// bound.
	MaxKeys, MaxBytes int

	// Probe is the longest time between two questions to the stream's leader,
	// beside the watcher; they come at random intervals from half of it on. Zero:
	// 10s. Negative: only ask after a gap (N1); then N3, N5 and N7 don't hold.
	Probe time.Duration

	// Timeout is how long there may be no answer, to a probe or to anything else.
	// It measures silence, not the whole of a reading. Zero: 5s.
	Timeout time.Duration
}

// New makes the source of the keys below a prefix such as "apps.checkout"; ""
// is the whole bucket. It does no I/O. The bucket's connection is the caller's,
// who owns its servers, credentials, TLS and closing; it should reconnect
// forever (nats.MaxReconnects(-1)).
func New(kv jetstream.KeyValue, prefix string, opts *Options) source.Source {
	s := &store{kv: kv, prefix: prefix}
	if opts != nil {
		s.opts = *opts
	}
	s.opts.Separator = cmp.Or(s.opts.Separator, ".")
	s.opts.Probe = cmp.Or(s.opts.Probe, 10*time.Second)
	s.opts.Timeout = cmp.Or(s.opts.Timeout, 5*time.Second)
	s.keys = source.Keys{Root: prefix, Separator: s.opts.Separator}
	page := document.Page{Format: s.opts.Document, Decode: s.opts.Decode}
	s.held = document.NewLayout(s.keys, page, s.bounds(), s.origin)
	return s
}

// store is the source. Beside what New was told it has what was read last, so that
// the next Watch shares with it all that has not changed.
type store struct {
	kv     jetstream.KeyValue
	prefix string
	opts   Options
	keys   source.Keys

	single source.Single
	held   *document.Layout
}

func (s *store) Name() string {
	return strings.TrimSpace(fmt.Sprintf("nats %s %s", s.kv.Bucket(), tree.Printable(s.prefix)))
}

func (s *store) bounds() source.Bounds {
	return source.Bounds{MaxKeys: s.opts.MaxKeys, MaxBytes: s.opts.MaxBytes}
}

func (s *store) isDocument() bool { return s.opts.Document != 0 || s.opts.Decode != nil }

// pattern returns the filter of the watcher.
func (s *store) pattern() string {
	switch {
	case s.isDocument():
		return s.prefix
	case s.prefix == "" || s.opts.Separator != ".":
		return jetstream.AllKeys
	}
	return s.keys.Prefix() + ">"
}

// below reports whether a key that the watcher tells of is one of the source's.
func (s *store) below(key string) bool {
	return s.isDocument() || strings.HasPrefix(key, s.keys.Prefix())
}

// origin returns where a key stands that was last written at a revision.
func (s *store) origin(key string, revision int64) tree.Origin {
	o := tree.Origin{Layer: s.Name(), Kind: "nats", Key: key}
	if revision > 0 {
		o.Revision = fmt.Sprintf("revision %d", revision)
	}
	return o
}
