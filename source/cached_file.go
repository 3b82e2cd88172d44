package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/confsync/confsync/tree"
)

// A cache file is a head, the CRC-32 of what follows in four bytes, and a
// cacheContent, which a Sealer has sealed if the head says so. Another form
// needs another number.
const (
	cacheFamily = "confsync cache "
	plainHead   = cacheFamily + "1\n"
	sealedHead  = cacheFamily + "1 sealed\n"
	headRoom    = 64 // bytes in which a head ends
)

var (
	errForeign  = errors.New("it is not a cache")
	errVersion  = errors.New("it is a cache of another version of this library")
	errDamaged  = errors.New("it is damaged")
	errSealed   = errors.New("it is sealed, and there is no key")
	errUnsealed = errors.New("it is not sealed, though it has to be")
)

// cacheFile is a file that snapshots of one source are kept in.
type cacheFile struct {
	path string
	name string      // of the source
	seal Sealer      // nil: what is kept is readable, and has no secrets
	form *tree.Shape // which values are secrets; nil: not known
}

// cacheContent is what a cache file holds.
type cacheContent struct {
	source   string
	revision string
	written  time.Time // to the second
	withheld int       // secret values that are left out
	root     *cacheNode
}

// usable reports whether it is known what may be kept.
func (f cacheFile) usable() bool { return f.form != nil || f.seal != nil }

// read returns the snapshot in the file, and how many secret values it lacks.
// Its error wraps [fs.ErrNotExist] when there is no file.
func (f cacheFile) read() (snap Snapshot, withheld int, err error) {
	file, err := f.open()
	if err != nil {
		return Snapshot{}, 0, err
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return Snapshot{}, 0, bare(err)
	}
	body, err := f.unwrap(data)
	if err != nil {
		return Snapshot{}, 0, err
	}
	c, ok := decodeCache(body)
	if !ok {
		return Snapshot{}, 0, errDamaged
	}
	if c.source != f.name {
		return Snapshot{}, 0, fmt.Errorf("it is of another source, %q", c.source)
	}
	root, ok := c.root.node()
	if !ok {
		return Snapshot{}, 0, errDamaged
	}
	snap = Snapshot{Revision: c.revision, Note: "from the cache of " + c.written.Format(time.RFC3339)}
	if c.withheld > 0 {
		snap.Note += fmt.Sprintf(", without %d secret values", c.withheld)
	}
	snap.Tree = tree.Of(root).Located(func(p tree.Path, _ tree.Place) tree.Origin {
		if n := c.root.lookup(p); n != nil {
			return n.origin
		}
		return tree.Origin{Layer: f.name, Kind: "cache", Key: f.path}
	})
	return snap, c.withheld, nil
}

// unwrap returns the content of a file, apart from head, sum and seal.
func (f cacheFile) unwrap(data []byte) ([]byte, error) {
	head, err := headOf(data)
	if err != nil {
		return nil, err
	}
	switch {
	case head == sealedHead && f.seal == nil:
		return nil, errSealed
	case head == plainHead && f.seal != nil:
		return nil, errUnsealed
	}
	sum, body := data[len(head):], []byte(nil)
	if len(sum) >= 4 {
		sum, body = sum[:4], sum[4:]
	}
	if len(sum) < 4 || binary.BigEndian.Uint32(sum) != crc32.ChecksumIEEE(body) {
		return nil, errDamaged
	}
	if f.seal == nil {
		return body, nil
	}
	if body, err = sealed(f.seal.Open, body); err != nil {
		return nil, fmt.Errorf("it can't be opened: %w", err)
	}
	return body, nil
}

// headOf returns the head of a file of ours.
func headOf(data []byte) (string, error) {
	for _, head := range []string{plainHead, sealedHead} {
		if bytes.HasPrefix(data, []byte(head)) {
			return head, nil
		}
	}
	if bytes.HasPrefix(data, []byte(cacheFamily)) {
		return "", errVersion
	}
	return "", errForeign
}

// write puts a snapshot into the file, as far as it may be kept.
func (f cacheFile) write(snap Snapshot) error {
	if err := f.replaceable(); err != nil {
		return err
	}
	kept := keeping{tree: snap.Tree, all: f.seal != nil}
	c := cacheContent{source: f.name, revision: snap.Revision, written: time.Now().UTC().Truncate(time.Second)}
	c.root = kept.node(snap.Tree.Root(), f.form, nil)
	c.withheld = kept.withheld
	head, body := plainHead, c.encode()
	if f.seal != nil {
		var err error
		if body, err = sealed(f.seal.Seal, body); err != nil {
			return fmt.Errorf("it can't be sealed: %w", err)
		}
		head = sealedHead
	}
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body))
	return bare(replace(f.path, []byte(head), sum, body))
}

// open opens the file, which has to be an ordinary one. It doesn't wait, as one
// would for the other end of a pipe.
func (f cacheFile) open() (*os.File, error) {
	file, err := os.OpenFile(f.path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, bare(err)
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, errForeign
	}
	return file, nil
}

// replaceable refuses a file that something else than a cache is in.
func (f cacheFile) replaceable() error {
	file, err := f.open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	start, err := io.ReadAll(io.LimitReader(file, headRoom))
	if err == nil && len(start) > 0 {
		_, err = headOf(start)
	}
	return bare(err)
}
