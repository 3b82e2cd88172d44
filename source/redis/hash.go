package redis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// hashLayout is the configuration in the fields of one hash, which one command
// reads.
type hashLayout struct {
	table   *source.Table
	servers *servers
	key     string
	wrong   error // the problem of a key that is no hash, or too large
	over    bool  // it is too large
}

func newHashLayout(s *store) *hashLayout {
	fields := source.Keys{Separator: s.opts.Separator}
	origin := func(field string) tree.Origin { return s.origin(strings.TrimSpace(s.prefix + " " + field)) }
	return &hashLayout{table: s.table(fields, origin), key: s.prefix}
}

func (h *hashLayout) channels() channels { return channels{key: h.key} }

// flags are those of hashes too, and of strings for the one that replaces a hash.
func (h *hashLayout) flags() string { return "K$ghxe" }

func (h *hashLayout) follow(s *servers) { h.servers = s }

func (h *hashLayout) deaf() bool { return h.over }

func (h *hashLayout) unfinished() bool { return false }

// read reads the hash, and again if it is gone.
func (h *hashLayout) read(ctx context.Context, _ telling) error {
	h.servers.heard()
	fields, err := h.fields(ctx)
	if err == nil && len(fields) == 0 {
		fields, err = h.fields(ctx)
	}
	h.wrong, h.over = nil, errors.Is(err, errTooLong)
	switch {
	case isWrongType(err):
		h.wrong = tree.Problem{Kind: tree.Unusable, Origin: h.table.Origin("", 0), Err: errors.New("key holds another type than a hash")}
	case h.over:
		bounds := h.table.Bounds.OrDefault()
		h.wrong = h.table.Bounds.Check(bounds.MaxKeys+1, bounds.MaxBytes+1, h.table.Origin("", 0))
	case err != nil:
		return fmt.Errorf("read: %w", err)
	default:
		h.table.Replace(fields)
	}
	return nil
}

func (h *hashLayout) fields(ctx context.Context) ([]source.Row, error) {
	reply, err := h.servers.ask(ctx, h.key, "HGETALL", h.key)
	list, _ := reply.([]any)
	fields := make([]source.Row, 0, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		field, _ := list[i].(string)
		text, _ := list[i+1].(string)
		fields = append(fields, source.Row{Key: field, Value: text})
	}
	return fields, err
}

func (h *hashLayout) update(ctx context.Context, how telling) error {
	if h.servers.heard().all {
		return errLost
	}
	return h.read(ctx, how)
}

// audit compares the number of fields, and what some of them hold.
func (h *hashLayout) audit(ctx context.Context, _ telling) error {
	const sample = 16
	rows, compare := h.table.Rows(), command{"HMGET", h.key}
	var want []any
	for range min(sample, len(rows)) {
		row := rows[rand.IntN(len(rows))]
		compare, want = append(compare, row.Key), append(want, row.Value)
	}
	size, err := h.servers.ask(ctx, h.key, "HLEN", h.key)
	same := h.wrong == nil && size == int64(len(rows))
	if same && len(want) > 0 {
		var got any
		got, err = h.servers.ask(ctx, h.key, compare...)
		list, _ := got.([]any)
		same = slices.Equal(list, want)
	}
	switch {
	case err != nil && !isWrongType(err):
		return fmt.Errorf("read: %w", err)
	case same || h.over || err != nil && h.wrong != nil:
		return nil
	}
	return errLost
}

func (h *hashLayout) snapshot() source.Snapshot {
	if h.wrong != nil {
		return source.Snapshot{Err: h.wrong}
	}
	next, err := h.table.Tree()
	return source.Snapshot{Tree: next, Err: err}
}
