// Package consul reads configuration from Consul's key-value store, and
// watches it with blocking queries.
//
// The keys below a prefix are one tree: with the prefix "apps/checkout", the
// key "apps/checkout/server/port" is server.port. A recursive list is one
// transaction of Consul's, so keys that are written together (/v1/txn) arrive
// together. Values that changed while nobody looked are not reported one by
// one: the latest state always arrives.
//
// An answer is believed only if Consul says which index it is of, knows a
// leader, and has hidden no key for want of permission; and that all keys are
// gone only after a consistent read has said so too. Consul does not say of a
// request without a token that keys were hidden, so where ACLs are in use, give
// the client or the [Options] a token.
package consul

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// Options say how a prefix is read. The zero Options are ready to use.
type Options struct {
	// Datacenter, Namespace and Partition go with every query. "": the client's
	// own, or else the agent's.
	Datacenter, Namespace, Partition string

	// Token is the ACL token of every query. "": the client's own.
	Token string

	// Separator stands between the segments of a key. "": "/".
	Separator string

	// Document says that the prefix is one key, whose value is a document of this
	// format, rather than a folder of keys. While there is no such key, the
	// snapshot's error wraps [source.ErrAbsent]. Zero: it is not.
	Document document.Format

	// Decode reads the document instead of Document's format: another language, or
	// an encrypted document. It says that there is a document, as Document does.
	// The limits are those of these options. Each value's origin is the place that
	// the tree has for it, in the key. An error may be made of [tree.Problem]
	// values, which have lines and columns; it must not hold the document's
	// values, which may be secrets. nil: Document decides.
	Decode func(data []byte, limits document.Limits) (tree.Tree, error)

	// Wait is how long the server may hold a blocking query before it answers
	// with what there is already. Each such answer is a whole list, so that
	// short waits cost traffic; no change is found sooner for them. It should be
	// less than any timeout on the way, such as a proxy's or that of the client's
	// http.Client: where two queries on are cut off at the same age, the source
	// waits for less than that, and a Note says so. Zero: 5m. More than the 10m
	// that the server takes are 10m.
	Wait time.Duration

	// Probe bounds the time between two questions, beside the blocking query,
	// which keys there are. They are asked with the source's own right to read,
	// and find that the token is no longer valid, that the cluster has no leader,
	// and that keys were deleted in a way that wakes no query. An answer that
	// takes more than half of Probe ends the watch, as does one that says so. So a
	// server that falls silent is reported within 1.5 times Probe. Zero: 10s.
	// Negative: never ask; a silence is then found only when a query's deadline
	// has passed, half a minute after Wait.
	Probe time.Duration

	// Stale lets any server answer, not the leader alone, if it was in touch with
	// the leader within this time. That takes load from the leader, and a change
	// may be seen later by as much. What a server that has just started says, and
	// that all keys are gone, is confirmed by the leader all the same. Zero: the
	// leader answers.
	Stale time.Duration

	// BelieveEmpty says that all keys may be gone although ACLs are in use and
	// the source has no token, so that they may as well be hidden. False: the
	// last state stays, and the snapshot is an error with a Note. Where ACLs
	// are off it has no meaning: that all keys are gone is believed.
	BelieveEmpty bool

	// Rate is how many changes a second the source follows one by one once a
	// burst of ten times as many is spent; beyond it, several are taken together.
	// A wake that finds nothing changed counts as a second's worth, since an
	// absent prefix is woken by every write to the store: ten such wakes, and
	// then one a second. Zero: 100. Negative: no bound.
	Rate int

	// MaxKeys and MaxBytes bound what the prefix may hold, the bytes being those
	// of keys and values. Beyond either the snapshot is an error, and no more is
	// read. Zero: 100,000 and 64 MiB. Negative: no bound.
	MaxKeys, MaxBytes int
}

func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	opts.Separator = cmp.Or(opts.Separator, "/")
	opts.Wait = min(cmp.Or(opts.Wait, 5*time.Minute), 10*time.Minute)
	opts.Probe = cmp.Or(opts.Probe, 10*time.Second)
	opts.Rate = cmp.Or(opts.Rate, 100)
	bounds := source.Bounds{MaxKeys: opts.MaxKeys, MaxBytes: opts.MaxBytes}.OrDefault()
	opts.MaxKeys, opts.MaxBytes = bounds.MaxKeys, bounds.MaxBytes
	return opts
}

// New returns the source of the keys below a prefix, "" being the whole store.
// The prefix ends at a separator, there or not: "app" never takes
// "application". A slash in front of it is ignored, as Consul's keys have none.
//
// The client stays the caller's, who owns its TLS, credentials and closing.
// Nil options are the zero Options.
func New(client *api.Client, prefix string, opts *Options) source.Source {
	o := opts.withDefaults()
	return &store{
		client: client,
		opts:   o,
		keys:   source.Keys{Root: strings.TrimLeft(prefix, "/"), Separator: o.Separator},
	}
}

// store is the source. All but the last fields are as New made them.
type store struct {
	client *api.Client
	opts   Options
	keys   source.Keys

	single  source.Single
	waiting waiting
	good    source.Snapshot // the last that had a tree
}

func (s *store) Name() string {
	return strings.TrimSpace("consul " + tree.Printable(s.keys.Key(nil)))
}

func (s *store) isDocument() bool { return s.opts.Document != 0 || s.opts.Decode != nil }

func (s *store) bounds() source.Bounds {
	return source.Bounds{MaxKeys: s.opts.MaxKeys, MaxBytes: s.opts.MaxBytes}
}

// layout returns what holds the configuration: keys, or one document.
func (s *store) layout() *document.Layout {
	return document.NewLayout(s.keys, document.Page{Format: s.opts.Document, Decode: s.opts.Decode}, s.bounds(), s.origin)
}

// origin returns that of a key that was last written at an index, if that is known.
func (s *store) origin(key string, index int64) tree.Origin {
	o := tree.Origin{Layer: s.Name(), Kind: "consul", Key: key}
	if index > 0 {
		o.Revision = "index " + strconv.FormatInt(index, 10)
	}
	return o
}
