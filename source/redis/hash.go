package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// hash is the configuration in the fields of one hash, which one command reads.
type hash struct {
	contents
	primaries *primaries
	feed      *feed
	key       string
	wrong     error // the problem of a key that is no hash
}

func newHash(s *store, p *primaries) *hash {
	fields := source.Keys{Separator: s.opts.Separator}
	origin := func(field string) tree.Origin { return s.origin(strings.TrimSpace(s.prefix + " " + field)) }
	return &hash{contents: newContents(s.opts, fields, origin), primaries: p, key: s.prefix}
}

func (h *hash) channels() channels { return channels{key: h.key} }

// flags are those of hashes too, and of strings for the one that replaces a hash.
func (h *hash) flags() string { return "K$ghxe" }

func (h *hash) follow(f *feed) { h.feed = f }

func (h *hash) deaf(bool) bool { return false }

// read reads the hash, and again if it is gone.
func (h *hash) read(ctx context.Context, _ bool) error {
	h.feed.drain()
	fields, err := h.fields(ctx)
	if err == nil && len(fields) == 0 {
		fields, err = h.fields(ctx)
	}
	h.wrong = nil
	switch {
	case isWrongType(err):
		h.wrong = tree.Problem{Kind: tree.Unusable, Origin: h.origin(""), Err: errors.New("key holds another type than a hash")}
		return nil
	case err != nil:
		return fmt.Errorf("read: %w", err)
	}
	next := make(map[string]value, len(fields))
	for field, s := range fields {
		next[field] = value{s, text}
	}
	h.replace(next)
	return nil
}

func (h *hash) fields(ctx context.Context) (map[string]string, error) {
	var all *goredis.MapStringStringCmd
	err := h.primaries.run(ctx, h.key, func(pipe goredis.Pipeliner) { all = pipe.HGetAll(ctx, h.key) })
	return all.Val(), err
}

func (h *hash) update(ctx context.Context, told bool) error { return h.read(ctx, told) }

// audit compares the number of fields.
func (h *hash) audit(ctx context.Context) ([]string, error) {
	var size *goredis.IntCmd
	err := h.primaries.run(ctx, h.key, func(pipe goredis.Pipeliner) { size = pipe.HLen(ctx, h.key) })
	if err != nil && !isWrongType(err) {
		return nil, fmt.Errorf("read: %w", err)
	}
	if (err != nil) == (h.wrong != nil) && (err != nil || size.Val() == int64(len(h.values))) {
		return nil, nil
	}
	return []string{h.key}, nil
}

func (h *hash) snapshot() source.Snapshot {
	if h.wrong != nil {
		return source.Snapshot{Err: h.wrong}
	}
	return h.contents.snapshot()
}
