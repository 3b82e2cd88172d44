package stage

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"

	"github.com/confsync/confsync/internal/stores"
	"github.com/confsync/confsync/source"
)

// Tree is what the prefixes hold: one value, and many that don't change.
type Tree struct {
	Value string
	Keys  map[string]string
}

// ValueKey returns the key of the one value.
func ValueKey(prefix string) string { return prefix + "/value" }

// Prepare fills a prefix with n keys in all.
func Prepare(ctx context.Context, s stores.Store, c stores.Client, prefix string, n int) error {
	tx := stores.Transaction{New: true, Put: map[string]string{ValueKey(prefix): "0"}}
	for i := 1; i < n; i++ {
		if len(tx.Put) == s.Batch {
			if err := c.Commit(ctx, tx); err != nil {
				return err
			}
			clear(tx.Put)
		}
		tx.Put[fmt.Sprintf("%s/keys/key-%05d", prefix, i)] = noise(i)
	}
	return c.Commit(ctx, tx)
}

// Source makes confsync's source of a prefix, with its defaults.
func Source(c stores.Client, prefix string) source.Source {
	return c.Source(stores.Keys, prefix, stores.Options{MaxKeys: 20_000})
}

// noise returns a value that can't be packed much: 10,000 of them, with their
// keys, are about a megabyte.
func noise(i int) string {
	sum := sha512.Sum512([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
	return base64.StdEncoding.EncodeToString(sum[:])
}
