// Package etcd reads configuration from etcd, version 3, and watches it.
//
// The keys below a prefix are one tree: with the prefix "/app", the key
// "/app/server/port" is server.port. The key "/app" itself is not part of it. A
// transaction arrives as a whole, in one snapshot. With [Options].Document the
// prefix is one key instead, and its value a document.
//
// # What the client should be told
//
// The client is the caller's, who owns its TLS, credentials, namespaces and
// closing. Two settings are worth making, and can't be made from here:
//
//   - DialKeepAliveTime and DialKeepAliveTimeout. Zero, which they are unless set, is off.
//     Without them a connection whose other end vanished with no word is kept
//     until the kernel gives it up, after some fifteen minutes. The source does
//     say that it is cut off (see [Options].Probe), and recovers as soon as the
//     connection does; but it can't make the client open a new one.
//   - Several Endpoints, if there are several members. A watch then moves from
//     one that fails to another without a word, where with one endpoint the
//     source is cut off.
//
// The source talks through the client's connection. What has replaced the
// client's KV or Watcher, as package namespace does, is not used: give New the
// whole prefix.
package etcd

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/connectivity"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// Options say how a prefix is read. The zero Options are ready to use.
type Options struct {
	// Separator stands between the segments of a key. "": "/".
	Separator string

	// Document says that the prefix is one key, and which format its value is
	// written in. Zero: the prefix has keys below it.
	Document document.Format

	// Decode reads the document instead of Document's format: another language, or
	// an encrypted document. It says that there is a document, as Document does.
	// The limits are those of these options. Each value's origin is the place that
	// the tree has for it, in the key. An error may be made of [tree.Problem]
	// values, which have lines and columns; it must not hold the document's
	// values, which may be secrets. nil: Document decides.
	Decode func(data []byte, limits document.Limits) (tree.Tree, error)

	// MaxKeys and MaxBytes bound what the prefix may hold, the bytes being those
	// of keys and values. Beyond either the snapshot is an error, and no more is
	// read; whether that is over is looked at after each Probe in which something
	// has changed. Zero: 100,000 and 64 MiB. Negative: no bound.
	MaxKeys, MaxBytes int

	// Serializable says that a program may start from what a single server last
	// knew, while that server can't confirm it because it has lost the cluster's
	// leader. Such a state is [source.Degraded], never live, and gives way to the
	// first that is confirmed. False: it may not.
	Serializable bool

	// Probe is the most time between two questions, beside the watch, to the
	// cluster's leader. They find what a watch doesn't tell: that no server
	// answers, that the store was replaced by an older one, that the watch has
	// stopped, that an event was lost, or that a permission was taken away. A
	// question costs the server what a missing key does. Only while something has
	// been written anywhere in the store since the last one is it followed by
	// another, for the number of keys and those that were written last, for
	// which the server looks at every key below the prefix (0.5 ms for 1,000):
	// with 500 keys each time, with 5,000 every tenth time, never more rarely
	// than every sixtieth. Zero: 10s. Negative: never ask; a server that falls
	// silent, its connection still open, is then not found.
	Probe time.Duration

	// ProbeTimeout is how long the server may be silent: while a probe waits for
	// its answer, and a watch for its beginning. So a silence is reported within
	// Probe and ProbeTimeout together, and one while keys are listed within twice
	// ProbeTimeout. A page of keys may take longer, if small questions beside it
	// are answered. A connection that ends is reported at once. Zero: 5s.
	ProbeTimeout time.Duration
}

func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	opts.Separator = cmp.Or(opts.Separator, "/")
	bounds := source.Bounds{MaxKeys: opts.MaxKeys, MaxBytes: opts.MaxBytes}.OrDefault()
	opts.MaxKeys, opts.MaxBytes = bounds.MaxKeys, bounds.MaxBytes
	opts.Probe = cmp.Or(opts.Probe, 10*time.Second)
	opts.ProbeTimeout = cmp.Or(opts.ProbeTimeout, 5*time.Second)
	return opts
}

// New returns the source of the keys below a prefix, "" being the whole store.
// The prefix ends at a separator, there or not: "/app" never takes
// "/application". It is not otherwise touched, so that "app" and "/app" differ.
//
// Nil options are the zero Options. The client isn't used before Watch, is
// needed until the last Watch has returned, and isn't closed. It must have a
// connection, as one of [clientv3.New] does; that of an embedded server
// (v3client.New) has none, and its Watch is an error.
func New(client *clientv3.Client, prefix string, opts *Options) source.Source {
	s := &store{opts: opts.withDefaults()}
	s.keys = source.Keys{Root: prefix, Separator: s.opts.Separator}
	s.start = s.keys.Prefix()
	s.end = clientv3.GetPrefixRangeEnd(s.start)
	switch {
	case s.isDocument():
		s.start, s.end = prefix, ""
	case s.start == "":
		s.start, s.end = "\x00", "\x00" // the API's way to say every key
	}
	if client == nil || client.ActiveConnection() == nil {
		return s
	}
	conn := client.ActiveConnection()
	s.conn = conn
	s.kv = clientv3.NewKVFromKVClient(&calls{KVClient: etcdserverpb.NewKVClient(conn), store: s}, client)
	s.watcher = func() clientv3.Watcher { return clientv3.NewWatcher(client) }
	return s
}

// store is the source. All but the last fields are as New made them.
type store struct {
	kv      clientv3.KV
	watcher func() clientv3.Watcher // a new one, with a stream and an auth token of its own
	conn    connection              // nil: there is none to talk through
	opts    Options
	keys    source.Keys

	start, end string // the range of keys; no end: the one key

	single      source.Single
	confirmed   bool  // some Watch has read a state that the leader confirmed
	unconfirmed int64 // the revision of the last state that wasn't, and was emitted
}

// connection is what is needed of a *grpc.ClientConn.
type connection interface {
	GetState() connectivity.State
	WaitForStateChange(ctx context.Context, from connectivity.State) bool
	ResetConnectBackoff()
}

func (s *store) Name() string { return strings.TrimSpace("etcd " + tree.Printable(s.root())) }

func (s *store) bounds() source.Bounds {
	return source.Bounds{MaxKeys: s.opts.MaxKeys, MaxBytes: s.opts.MaxBytes}
}

// layout returns what holds the configuration: keys, or one document.
func (s *store) layout() *document.Layout {
	return document.NewLayout(s.keys, document.Page{Format: s.opts.Document, Decode: s.opts.Decode}, s.bounds(), s.origin)
}

func (s *store) isDocument() bool { return s.opts.Document != 0 || s.opts.Decode != nil }

// root returns the prefix as people know it, without a separator at its end.
func (s *store) root() string {
	if s.isDocument() {
		return s.keys.Root
	}
	return s.keys.Key(nil)
}

// owns reports whether a key is in the range.
func (s *store) owns(key string) bool {
	if s.isDocument() {
		return key == s.keys.Root
	}
	return strings.HasPrefix(key, s.keys.Prefix())
}

// origin returns that of a key that was last written at a revision, if that is known.
func (s *store) origin(key string, revision int64) tree.Origin {
	o := tree.Origin{Layer: s.Name(), Kind: "etcd", Key: key}
	if revision > 0 {
		o.Revision = "revision " + strconv.FormatInt(revision, 10)
	}
	return o
}
