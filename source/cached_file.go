package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/confsync/confsync/tree"
)

// A cache file is cacheHead, the SHA-256 sum of what follows, and a gob of
// cacheContent. Another form needs another head.
const cacheHead = "confsync cache 1\n"

type cacheContent struct {
	Source   string // its name
	Revision string
	Written  time.Time
	Withheld int // secret values that are left out
	Root     *cacheNode
}

// cacheNode is a tree.Node and where it came from.
type cacheNode struct {
	Kind   tree.Kind
	Text   string
	Own    *cacheNode // the value that a map has beside its children
	Keys   []string   // of a map
	Kids   []*cacheNode
	Origin tree.Origin
}

var (
	errForeign = errors.New("it is not a cache")
	errDamaged = errors.New("it is damaged")
)

// readCache is the snapshot in a file, which has to be of the source by that
// name, and how many secret values it lacks. Its error wraps [fs.ErrNotExist] when there is no file.
func readCache(file, name string) (snap Snapshot, withheld int, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return Snapshot{}, 0, bare(err)
	}
	rest, ok := bytes.CutPrefix(data, []byte(cacheHead))
	if !ok {
		return Snapshot{}, 0, errForeign
	}
	if len(rest) < sha256.Size {
		return Snapshot{}, 0, errDamaged
	}
	sum, body := rest[:sha256.Size], rest[sha256.Size:]
	var c cacheContent
	if is := sha256.Sum256(body); !bytes.Equal(sum, is[:]) || gob.NewDecoder(bytes.NewReader(body)).Decode(&c) != nil {
		return Snapshot{}, 0, errDamaged
	}
	if c.Source != name {
		return Snapshot{}, 0, fmt.Errorf("it is of another source, %q", c.Source)
	}
	root, ok := c.Root.node()
	if !ok {
		return Snapshot{}, 0, errDamaged
	}
	snap = Snapshot{Revision: c.Revision, Note: "from the cache of " + c.Written.Format(time.RFC3339)}
	if c.Withheld > 0 {
		snap.Note += fmt.Sprintf(", without %d secret values", c.Withheld)
	}
	snap.Tree = tree.Of(root).Located(func(p tree.Path, _ tree.Place) tree.Origin {
		if n := c.Root.lookup(p); n != nil {
			return n.Origin
		}
		return tree.Origin{Layer: name, Kind: "cache", Key: file}
	})
	return snap, c.Withheld, nil
}

// writeCache puts a snapshot into a file, as far as the shape says that it may.
func writeCache(file, name string, snap Snapshot, shape *tree.Shape) error {
	if err := replaceable(file); err != nil {
		return err
	}
	kept := keeping{tree: snap.Tree}
	c := cacheContent{Source: name, Revision: snap.Revision, Written: time.Now().UTC().Truncate(time.Second)}
	c.Root = kept.node(snap.Tree.Root(), shape, nil)
	c.Withheld = kept.withheld
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(c); err != nil {
		return err
	}
	sum := sha256.Sum256(body.Bytes())
	return bare(replace(file, []byte(cacheHead), sum[:], body.Bytes()))
}

// replaceable refuses a file that something else than a cache is in.
func replaceable(file string) error {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return bare(err)
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, int64(len(cacheHead))))
	if err == nil && len(head) > 0 && string(head) != cacheHead {
		err = errForeign
	}
	return bare(err)
}

// replace makes a file of parts, for its owner only, all at once. After a
// failure of power it may be cut short, which the sum gives away.
func replace(file string, parts ...[]byte) error {
	temp, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*") // 0600
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err == nil {
			_, err = temp.Write(part)
		}
	}
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		os.Remove(temp.Name())
	}
	return err
}

// bare is a file's error without the file's name, which may be a temporary one.
func bare(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
