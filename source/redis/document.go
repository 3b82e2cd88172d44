package redis

import (
	"context"
	"math/rand/v2"
	"strconv"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
)

// newDocument is the layout of one string, which is a document.
func newDocument(s *store) layout {
	d := &oneKey{
		key: s.prefix, kind: "a string", bounds: s.bounds(), origin: s.origin(s.prefix, 0), events: "K$gxe",
		held: document.NewLayout(s.keys, document.Page{Format: s.opts.Document, Decode: s.opts.Decode}, s.bounds(), s.origin),
	}
	d.load, d.same = d.loadString, d.sameString
	return d
}

func (o *oneKey) loadString(ctx context.Context) ([]source.Row, error) {
	reply, err := o.servers.ask(ctx, o.key, "GET", o.key)
	if text, ok := reply.(string); ok {
		return []source.Row{{Key: o.key, Value: text}}, err
	}
	return nil, err
}

// sameString compares the length, and a part of the text. An empty one is read
// again: it takes as long.
func (o *oneKey) sameString(ctx context.Context) (bool, error) {
	rows := o.held.Rows()
	if len(rows) == 0 || rows[0].Value == "" {
		now, err := o.loadString(ctx)
		return len(now) == len(rows) && (len(now) == 0 || now[0].Value == ""), err
	}
	text := rows[0].Value
	size, err := o.servers.ask(ctx, o.key, "STRLEN", o.key)
	if err != nil || size != int64(len(text)) {
		return false, err
	}
	const part = 1024
	from := rand.IntN(max(1, len(text)-part))
	to := min(from+part, len(text))
	got, err := o.servers.ask(ctx, o.key, "GETRANGE", o.key, strconv.Itoa(from), strconv.Itoa(to-1))
	return got == text[from:to], err
}
