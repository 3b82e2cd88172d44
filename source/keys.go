package source

import (
	"errors"
	"fmt"
	"strings"

	"github.com/confsync/confsync/tree"
)

// Keys are the rules by which a store's flat keys become paths. The root is
// taken away at a segment's boundary, so that "app" never takes "application".
// Names keep their case.
type Keys struct {
	Root      string // the key that everything stands below, with or without a separator at its end; "" is the whole store
	Separator string // between segments; "" is "/"
}

func (k Keys) separator() string {
	if k.Separator == "" {
		return "/"
	}
	return k.Separator
}

// Prefix returns what all keys below the root begin with, "" for the whole store.
func (k Keys) Prefix() string {
	if k.Root == "" || strings.HasSuffix(k.Root, k.separator()) {
		return k.Root
	}
	return k.Root + k.separator()
}

// Path returns the path of a key. A key that ends in a separator is a folder: it
// says that a map exists. A key that isn't below the root, or that has an empty
// segment, a "." or a "..", is an error, which doesn't
// name the key.
func (k Keys) Path(key string) (path tree.Path, folder bool, err error) {
	sep, prefix := k.separator(), k.Prefix()
	if key+sep == prefix {
		return nil, false, nil
	}
	rest, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return nil, false, fmt.Errorf("key is not below %q", prefix)
	}
	if rest == "" {
		return nil, prefix != "", nil
	}
	if prefix == "" && strings.HasPrefix(rest, sep) {
		return nil, false, fmt.Errorf("key begins with %q: to read it, use the prefix %q", sep, sep)
	}
	rest, folder = strings.CutSuffix(rest, sep)
	path = strings.Split(rest, sep)
	for _, segment := range path {
		switch segment {
		case "":
			return nil, false, errors.New("key has an empty segment")
		case ".", "..":
			return nil, false, fmt.Errorf("key has the segment %q", segment)
		}
	}
	return path, folder, nil
}

// Key returns the key that a path came from, without the separator of a folder.
func (k Keys) Key(path tree.Path) string {
	if len(path) == 0 {
		if k.Root == k.separator() {
			return k.Root
		}
		return strings.TrimSuffix(k.Root, k.separator())
	}
	return k.Prefix() + strings.Join(path, k.separator())
}
