package redis

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// keysLayout is the configuration in keys of its own, and maybe a version key.
type keysLayout struct {
	table   *source.Table
	servers *servers
	prefix  string // of all keys
	version string // the version key, "" when there is none
	at      value  // what that held when the table's keys were read
	over    error  // the problem of a prefix that holds too much
	torn    bool   // what was read may be of no one instant
	settle  settling
	whole   bool   // what settles is everything
	lost    bool   // any key may have changed since
	others  keySet // keys that hold another type than a string
}

func newKeysLayout(s *store) *keysLayout {
	table := &source.Table{Keys: s.keys, Bounds: s.bounds(), Origin: s.origin}
	return &keysLayout{table: table, prefix: s.keys.Prefix(), version: s.opts.VersionKey}
}

func (k *keysLayout) channels() channels {
	return channels{key: k.version, prefix: k.prefix, below: true}
}

// flags returns those of strings, of commands on any key, of expiry and of
// eviction.
func (k *keysLayout) flags() string { return "K$gxe" }

func (k *keysLayout) follow(s *servers) { k.servers = s }

func (k *keysLayout) deaf() bool { return k.over != nil }

func (k *keysLayout) unfinished() bool { return k.lost || k.settle.unfinished() }

func (k *keysLayout) halfway() bool { return k.settle.halfway() }

func (k *keysLayout) snapshot(context.Context) source.Snapshot {
	if k.over != nil {
		return source.Snapshot{Err: k.over}
	}
	var snap source.Snapshot
	snap.Tree, snap.Err = k.table.Tree()
	if k.torn {
		snap.Note = "not at one revision: what is written together may be seen in part"
	}
	if snap.Revision = k.at.text; k.version != "" && k.at.kind != isString && k.table.Len() > 0 {
		err := errors.New("the version key is not there, or not a string, though others are there")
		snap.Err = tree.Problem{Kind: tree.Unusable, Origin: k.table.Origin(k.version, 0), Err: err}
	}
	return snap
}

func (k *keysLayout) read(ctx context.Context, how way) error {
	read := k.readNotified
	if how == polled {
		read = k.readPolled
	}
	k.over = nil
	err := read(ctx, how, false)
	if errors.Is(err, errLost) {
		err = read(ctx, how, true)
	}
	if errors.Is(err, errTooLong) {
		err = k.check(0, k.servers.opts.MaxBytes+1)
	}
	var problem tree.Problem
	if errors.As(err, &problem) {
		k.over = problem
		return nil
	}
	return err
}

// readNotified reads everything, and then again what was told of meanwhile. When
// that is lost it returns errLost, or at the last takes what it has read.
func (k *keysLayout) readNotified(ctx context.Context, how way, last bool) error {
	k.servers.heard() // what was told so far is read below
	k.lost = false
	sizes, err := k.list(ctx)
	if err != nil {
		return err
	}
	var open notices
	all, held := make(map[string]value, len(sizes)), 0
	for page := range pages(k.all(sizes), sizes) {
		got, err := k.get(ctx, page, how)
		if err != nil {
			return err
		}
		open.merge(got.before)
		for key, v := range got.values {
			all[key], held = v, held+len(key)+len(v.text)
			delete(open.keys, key)
		}
		open.merge(got.after)
		if err := k.check(0, held); err != nil {
			return err
		}
	}
	k.settle.begin(all, open.keys)
	k.whole = true
	if err = errLost; !open.all {
		err = k.complete(ctx, how, nil)
	}
	if errors.Is(err, errLost) && last {
		k.settle = settling{}
		k.apply(all)
		k.torn, k.lost = true, true
		return nil
	}
	return err
}

// update takes in what was told of.
func (k *keysLayout) update(ctx context.Context, how way) error {
	if how == polled {
		return k.poll(ctx)
	}
	return k.complete(ctx, how, nil)
}

// audit reads some keys beside those that were told of.
func (k *keysLayout) audit(ctx context.Context, how way) error {
	if how == polled || k.over != nil {
		return nil
	}
	return k.complete(ctx, how, k.sample())
}

// complete reads what was told of, and a sample beside, until what was read
// makes a state. A key of the sample that differs without having been told of
// says that something was lost.
func (k *keysLayout) complete(ctx context.Context, how way, sample []string) error {
	if k.lost {
		return errLost
	}
	for ; ; sample = nil {
		heard := k.servers.heard()
		got, err := k.get(ctx, k.settle.want(heard.keys, sample), how)
		if err != nil && !errors.Is(err, errTooLong) {
			return err
		}
		heard.merge(got.before)
		if heard.all || got.after.all || err != nil {
			return errLost
		}
		for _, key := range sample {
			if !heard.has(key) && !got.after.has(key) && !k.settle.isOpen(key) && got.values[key] != k.now(key) {
				return errLost
			}
		}
		if state, torn, ok := k.settle.add(heard.keys, got); ok {
			k.apply(state)
			k.torn = torn
			return nil
		}
	}
}

// apply takes a state, or what has changed in it, into the table.
func (k *keysLayout) apply(state map[string]value) {
	if v, ok := state[k.version]; ok && k.version != "" {
		k.at = v
		delete(state, k.version)
	}
	if k.whole {
		rows := make([]source.Row, 0, len(state))
		for key, v := range state {
			if v.kind == isString {
				rows = append(rows, source.Row{Key: key, Value: v.text})
			}
		}
		k.table.Replace(rows)
		k.whole = false
		k.others = nil
	}
	for key, v := range state {
		delete(k.others, key)
		switch v.kind {
		case isString:
			k.table.Put(source.Row{Key: key, Value: v.text})
		case other:
			k.table.Refuse(key, 0, errors.New("key holds another type than a string"))
			k.others = with(k.others, key)
		default:
			k.table.Delete(key)
		}
	}
	k.over = k.table.TooLarge()
}

// get reads keys. What they hold already is held once.
func (k *keysLayout) get(ctx context.Context, keys []string, how way) (reading, error) {
	got, err := k.servers.get(ctx, keys, how)
	for key, v := range got.values {
		if row, ok := k.table.Get(key); ok && v.kind == isString && row.Value == v.text {
			got.values[key] = value{row.Value, isString}
		}
	}
	return got, err
}

func (k *keysLayout) check(keys, bytes int) error {
	return k.table.Bounds.Check(keys, bytes, k.table.Origin(k.table.Keys.Key(nil), 0))
}

// sample returns some keys, picked anew each time, and the version key.
func (k *keysLayout) sample() []string {
	const size = 16
	var keys []string
	if rows := k.table.Rows(); len(rows) > 0 {
		for range size {
			keys = append(keys, rows[rand.IntN(len(rows))].Key)
		}
	}
	if k.version != "" {
		keys = append(keys, k.version)
	}
	return keys
}

// now returns what a key held when it was last read.
func (k *keysLayout) now(key string) value {
	if v, ok := k.settle.values[key]; ok {
		return v
	}
	if key == k.version && key != "" {
		return k.at
	}
	if _, ok := k.others[key]; ok {
		return value{kind: other}
	}
	if row, ok := k.table.Get(key); ok {
		return value{row.Value, isString}
	}
	return value{}
}
