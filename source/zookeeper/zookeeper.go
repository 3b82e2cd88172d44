// Package zookeeper reads configuration from ZooKeeper and watches it.
//
// The nodes below a root are one tree: with the root "/app", the data of the
// node "/app/server/port" is the value server.port. The data of the root itself
// is not part of it, nor is "/zookeeper", which is the server's own. With
// [Options].Document the root is one node instead, and its data a document.
//
// A node's data is its value, as it is. ZooKeeper tells data of no bytes from no
// data, and so does the tree:
//
//   - A node with children is a map. Any data of it, but for data of no bytes,
//     is a value beside the children.
//   - A node without children is a value; with no bytes it is an empty string.
//   - A node with neither children nor data is a folder: an empty map. So is a
//     root without children.
//   - A root that isn't there is a tree of nothing, once the servers' leader has
//     had the chance to say otherwise.
//
// Clients differ in what they give a node that they create on the way to
// another. Where that is data of no bytes, as with Curator and kazoo, the node
// becomes an empty string when its last child is deleted; delete it too, or
// create it with no data.
//
// # How it is kept in step
//
// Z1. ZooKeeper tells once of a change to a node's data and once of a change to
// its children. A watch is set together with each reading, so nothing falls
// between the two, and whatever it tells, what it was set on is read again and
// the tree emitted.
//
// Z2. Everything is read anew when the client has a new session or a new
// connection: Watch then ends with an error, and the next begins with a walk.
// A watch doesn't reliably tell what happened while the client was cut off.
//
// Z3. ZooKeeper has no reading of several nodes. But a server tells a client of
// a change before it answers with anything that came after. So if no watch has
// told of anything by the time of the last answer, all that was read stood there
// at that moment; else the nodes concerned, which are those whose mzxid or pzxid
// has moved, are read again. Nodes that are written together (a multi) arrive
// together. A tree that doesn't stand still for two seconds is emitted
// nevertheless, and the snapshot's Note says so.
//
// Z4. A node has a value and children both. The tree has too.
//
// Z5. The client finds out about a silent server only after two thirds of the
// session's time. The source asks for itself, and waits for no answer longer
// than [Options].ProbeTimeout.
//
// Z6. A server takes a watch away, without a word, from a client that may not
// read the node at the moment of its change. So each probe compares 16 nodes, as
// chance has it, with their watches. A right that was taken and given back is
// noticed within a few probes where there are a hundred nodes.
//
// Z7. Probes come at random intervals between half of [Options].Probe and all of
// it, so that those of a fleet are spread.
//
// # Limits
//
// A source follows up to 10,000 nodes by default and 32,000 at most. Each costs
// two watches in the server and in the client, since the client has no recursive
// watches. Larger configurations are better kept as documents.
//
// A request can't be taken back. When Watch gives up on one there is a goroutine
// that waits for its answer. The client gives or refuses that in the end: once
// its connection has broken, or, if the server accepts connections and then
// is silent, after up to seven times the session's time for each server. A
// source has no more than 16 requests under way, those included, and
// makes no new ones while 16 wait. Every other goroutine ends before Watch
// returns.
//
// A watch can't be taken back either. One that hasn't told of anything when Watch
// returns stays with the client, and the next Watch of the same source uses it.
// So make a source once for a connection, not one for each use.
//
// Over a slow link the data of one node must arrive within ProbeTimeout, and
// within two thirds of the session's time, after which the client gives up.
//
// Nobody is told of a change of rights. A right to the root that is taken away is
// an error by the next probe, one to another node when the node changes. Missing
// rights are an error, never a deletion.
//
// A server refuses a client that has seen more than itself. So after a store
// was wiped, or restored from an older copy, the source is cut off until the
// new store has written as much as the old, or the program connects anew.
package zookeeper

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

const (
	maxCases = 65_536 // of a select
	maxNodes = 32_000 // that a Watch can follow, with two channels for each
)

// Options say how a root is read. The zero Options are ready to use.
type Options struct {
	// Document says that the root is one node whose data is a document of this
	// format. While there is no such node, the snapshot's error wraps
	// [source.ErrAbsent]. Zero, with a nil Decode: the root has nodes below it.
	Document document.Format

	// Decode reads the document instead of Document's format: another language, or
	// an encrypted document. Nil: the format.
	Decode func(data []byte, limits document.Limits) (tree.Tree, error)

	// MaxKeys and MaxBytes bound what may be below the root, the bytes being
	// those of paths and data. Beyond either nothing is held and the snapshot is
	// an error, until fewer are found when a node that was read has changed or at
	// the next Watch. No more than twice MaxBytes is held at any time. Each node costs the server two watches, and each wake the source
	// some time for every node. Zero: 10,000 and 64 MiB. Negative, or more:
	// 32,000 nodes, and no bound on bytes.
	MaxKeys, MaxBytes int

	// Probe is the longest time between two questions, beside the watches,
	// whether the leader answers, the root may still be read, and nodes are as
	// their watches say. Zero: 10s. Negative: never ask; a silence is then found
	// only when the client finds it.
	Probe time.Duration

	// ProbeTimeout bounds each wait for an answer, to a probe and to any other
	// request. So a silence is reported within Probe and ProbeTimeout together;
	// a connection that ends is reported within half a second. Zero: 5s.
	ProbeTimeout time.Duration
}

// parallel returns how many requests may be under way. A node has up to a
// mebibyte, and what is on its way must not be more than MaxBytes.
func (o Options) parallel() int {
	if o.MaxBytes < 0 {
		return parallel
	}
	return min(parallel, max(1, o.MaxBytes>>20))
}

func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	opts.MaxKeys = cmp.Or(opts.MaxKeys, 10_000)
	if opts.MaxKeys < 0 || opts.MaxKeys > maxNodes {
		opts.MaxKeys = maxNodes
	}
	opts.MaxBytes = cmp.Or(opts.MaxBytes, 64<<20)
	opts.Probe = cmp.Or(opts.Probe, 10*time.Second)
	opts.ProbeTimeout = cmp.Or(opts.ProbeTimeout, 5*time.Second)
	return opts
}

// New makes the source of the nodes below a root such as "/app"; "" and "/" are
// the whole store. A slash that lacks at its beginning is added, and one at its
// end taken away.
//
// Nil options are the zero Options. The connection isn't used before Watch, is
// needed until the last Watch has returned, and isn't closed. Its event channel
// stays the caller's: the source takes nothing from it.
func New(conn *zk.Conn, root string, opts *Options) source.Source {
	return newStore(conn, root, opts)
}

func newStore(conn client, root string, opts *Options) *store {
	s := &store{
		conn: conn,
		opts: opts.withDefaults(),
		root: "/" + strings.Trim(root, "/"),
	}
	s.keys = source.Keys{Root: s.root}
	s.calls = calls{store: s, slots: make(chan struct{}, s.opts.parallel())}
	s.watches.wake = make(chan struct{}, 1)
	return s
}

// store is the source. Beside what New was told it has only what the client
// keeps from one Watch to the next.
type store struct {
	conn client
	opts Options
	root string // begins with a slash, and ends with one if it is the whole store
	keys source.Keys

	calls   calls
	watches watches

	single source.Single
}

func (s *store) Name() string { return "zookeeper " + tree.Printable(s.root) }

// origin returns that of a node whose data was last written at mzxid, if that
// is known.
func (s *store) origin(path string, mzxid int64) tree.Origin {
	o := tree.Origin{Layer: s.Name(), Kind: "zookeeper", Key: path}
	if mzxid > 0 {
		o.Revision = "mzxid " + strconv.FormatInt(mzxid, 10)
	}
	return o
}
