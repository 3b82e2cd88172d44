package consul

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/source"
)

// pair is a key as Consul sends it.
type pair struct {
	Key         string
	Value       value
	ModifyIndex int64
}

// value is text that arrives in base64, in memory that is used again.
type value struct{ text []byte }

func (v *value) UnmarshalJSON(data []byte) error {
	v.text = v.text[:0]
	if string(data) == "null" {
		return nil
	}
	if len(data) < 2 || data[0] != '"' {
		return errors.New("a value is not a text")
	}
	var err error
	v.text, err = base64.StdEncoding.AppendDecode(v.text, data[1:len(data)-1])
	return err
}

// decode reads a list of keys as it arrives, and no more of it than is within
// bounds. Of held it takes the strings of what hasn't changed, so that no two
// copies are made.
func (s *store) decode(body io.Reader, held []source.Row) (got answer, err error) {
	within := &bounded{Reader: body, most: -1}
	if s.opts.MaxBytes >= 0 {
		within.most = 2*s.opts.MaxBytes + 64<<10 // base64, names and numbers
	}
	d := json.NewDecoder(within)
	switch start, err := d.Token(); {
	case err != nil:
		return got, fmt.Errorf("the answer can't be read: %w", err)
	case start != json.Delim('['):
		return got, errors.New("the answer is not a list of keys")
	}
	var p pair
	for d.More() {
		p.Key, p.ModifyIndex, within.n = "", 0, 0
		err := d.Decode(&p)
		if err != nil && !errors.Is(err, errBeyond) {
			return got, fmt.Errorf("the answer can't be read: %w", err)
		}
		got.bytes += len(p.Key) + len(p.Value.text)
		if err != nil {
			got.bytes += s.opts.MaxBytes + 1
		}
		got.some = cmp.Or(got.some, p.Key)
		if got.tooLarge = s.tooLarge(len(got.rows)+1, got.bytes); got.tooLarge != nil {
			got.rows = nil
			return got, nil
		}
		for len(held) > 0 && held[0].Key < p.Key {
			held = held[1:]
		}
		r := source.Row{Key: p.Key, Revision: p.ModifyIndex}
		if len(held) > 0 && held[0].Key == p.Key && held[0].Value == string(p.Value.text) {
			r.Key, r.Value = held[0].Key, held[0].Value
		} else {
			r.Value = string(p.Value.text)
		}
		got.rows = append(got.rows, r)
	}
	if _, err := d.Token(); err != nil {
		return got, fmt.Errorf("the answer can't be read: %w", err)
	}
	_, err = io.Copy(io.Discard, within) // its end, so that the connection can be used again
	return got, err
}

func (s *store) tooLarge(keys, bytes int) error {
	return s.bounds().Check(keys, bytes, s.origin(s.keys.Key(nil), 0))
}

// answer returns that of a list that was read as a whole.
func (s *store) answer(pairs api.KVPairs) answer {
	got := answer{rows: make([]source.Row, len(pairs)), some: pairs[0].Key}
	for i, p := range pairs {
		got.rows[i] = source.Row{Key: p.Key, Value: string(p.Value), Revision: int64(p.ModifyIndex)}
		got.bytes += len(p.Key) + len(p.Value)
	}
	if got.tooLarge = s.tooLarge(len(pairs), got.bytes); got.tooLarge != nil {
		got.rows = nil
	}
	return got
}

// bounded fails when more has been read than may be since n was last set to 0.
type bounded struct {
	io.Reader
	n, most int // most: negative for no bound
}

var errBeyond = errors.New("a key is larger than all may be")

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.n += n; b.most >= 0 && b.n > b.most {
		return n, errBeyond
	}
	return n, err
}
