package redis

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// newHash returns the layout of the fields of one hash.
func newHash(s *store) layout {
	origin := func(field string, _ int64) tree.Origin { return s.origin(strings.TrimSpace(s.prefix+" "+field), 0) }
	h := &oneKey{
		key: s.prefix, kind: "a hash", bounds: s.bounds(), origin: s.origin(s.prefix, 0),
		held:   document.NewLayout(source.Keys{Separator: s.opts.Separator}, document.Page{}, s.bounds(), origin),
		events: "K$ghxe", // of hashes, and of strings for the one that replaces a hash
	}
	h.load, h.same = h.loadHash, h.sameHash
	return h
}

func (o *oneKey) loadHash(ctx context.Context) ([]source.Row, error) {
	reply, err := o.servers.ask(ctx, o.key, "HGETALL", o.key)
	list, _ := reply.([]any)
	fields := make([]source.Row, 0, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		field, _ := list[i].(string)
		text, _ := list[i+1].(string)
		fields = append(fields, source.Row{Key: field, Value: text})
	}
	return fields, err
}

// sameHash compares the number of fields, and what some of them hold.
func (o *oneKey) sameHash(ctx context.Context) (bool, error) {
	rows := o.held.Rows()
	size, err := o.servers.ask(ctx, o.key, "HLEN", o.key)
	if err != nil || size != int64(len(rows)) || len(rows) == 0 {
		return size == int64(len(rows)), err
	}
	const sample = 16
	compare := command{"HMGET", o.key}
	var want []any
	for range sample {
		row := rows[rand.IntN(len(rows))]
		compare, want = append(compare, row.Key), append(want, row.Value)
	}
	got, err := o.servers.ask(ctx, o.key, compare...)
	list, _ := got.([]any)
	return slices.Equal(list, want), err
}
