package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// value is what a key holds.
type value struct {
	text string
	kind kind
}

type kind uint8

const (
	absent kind = iota
	isString
	other // a type that can't be used
)

// reading is what keys hold, and what was told of around it.
type reading struct {
	values map[string]value
	before notices // since that was last taken, of what came before the keys were read
	after  notices // since then, of what came before or after
}

// errMuted says that notifications have been switched off, and that there is no
// telling what was written since.
var errMuted = errors.New("notifications have been switched off")

// get reads string keys: at one instant, unless they are in several slots of a
// Cluster. What was told of with it is no longer the servers'. Where it relies on
// notifications it asks in the same breath whether they are on still.
func (s *servers) get(ctx context.Context, keys []string, how way) (reading, error) {
	got := reading{values: make(map[string]value, len(keys))}
	parts, err := s.parts(ctx, keys)
	if err != nil {
		return got, err
	}
	asked := make([]*exchange, len(parts))
	for i, part := range parts {
		asked[i] = &exchange{conn: part.conn, commands: part.commands()}
		if how == notified && !s.opts.TrustNotify {
			asked[i].commands = append(asked[i].commands, command{"CONFIG", "GET", notifySetting})
		}
	}
	if got.before, err = s.told(asked); err != nil {
		return got, err
	}
	for i, part := range parts {
		if err := s.takeIn(ctx, part, asked[i].replies, got.values); err != nil {
			return got, fmt.Errorf("read: %w", err)
		}
	}
	if how == tracked {
		// Tracking tells of what a server did after it has sent the replies of that moment.
		for _, e := range asked {
			e.commands = []command{{"PING"}}
		}
		got.after, err = s.told(asked)
	}
	return got, err
}

// told does exchanges, and takes what those servers told before their last replies.
func (s *servers) told(asked []*exchange) (told notices, err error) {
	if err := s.exchange(asked...); err != nil {
		return told, fmt.Errorf("read: %w", err)
	}
	for _, e := range asked {
		told.merge(e.conn.heard())
	}
	return told, nil
}

// part are the keys that one server has, those of a slot together.
type part struct {
	conn  *conn
	slots [][]string
}

// parts says which server has which of the keys.
func (s *servers) parts(ctx context.Context, keys []string) ([]*part, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	if s.cluster == nil {
		return []*part{{conn: s.conns[0], slots: [][]string{keys}}}, nil
	}
	slots := make(map[string][]string)
	for _, key := range keys {
		slots[tag(key)] = append(slots[tag(key)], key)
	}
	at := make(map[*conn]*part)
	var parts []*part
	for _, keys := range slots {
		c, err := s.of(ctx, keys[0])
		if err != nil {
			return nil, err
		}
		if at[c] == nil {
			at[c] = &part{conn: c}
			parts = append(parts, at[c])
		}
		at[c].slots = append(at[c].slots, keys)
	}
	return parts, nil
}

// tag returns the part of a key that tells its slot: what is in the first
// braces, or all of it.
func tag(key string) string {
	if _, after, ok := strings.Cut(key, "{"); ok {
		if inside, _, ok := strings.Cut(after, "}"); ok && inside != "" {
			return inside
		}
	}
	return key
}

func (p *part) commands() []command {
	commands := make([]command, len(p.slots))
	for i, keys := range p.slots {
		if len(keys) == 1 {
			commands[i] = command{"GET", keys[0]}
		} else {
			commands[i] = append(command{"MGET"}, keys...)
		}
	}
	return commands
}

// takeIn puts what the keys of a part hold into values.
func (s *servers) takeIn(ctx context.Context, p *part, replies []any, values map[string]value) (err error) {
	if len(replies) > len(p.slots) && lacking(flagsIn(replies[len(p.slots)]), s.flags) != "" {
		return errMuted
	}
	var missing []string
	for i, keys := range p.slots {
		switch reply := replies[i].(type) {
		case []any:
			for j, v := range reply {
				if text, ok := v.(string); ok {
					values[keys[j]] = value{text, isString}
				} else {
					missing = append(missing, keys[j])
				}
			}
		case refusal:
			if len(keys) > 1 && !isMove(reply) {
				return reply
			}
			err = s.getEach(ctx, keys, values) // some have been moved, others not yet
		default:
			values[keys[0]], err = held(reply, nil)
		}
		if err != nil {
			return err
		}
	}
	return s.addMissing(ctx, p.conn, missing, values)
}

// getEach reads keys one after another, each where it is.
func (s *servers) getEach(ctx context.Context, keys []string, values map[string]value) error {
	for _, key := range keys {
		reply, err := s.ask(ctx, key, "GET", key)
		if values[key], err = held(reply, err); err != nil {
			return err
		}
	}
	return nil
}

// held returns what a key holds by the answer to GET.
func held(reply any, err error) (value, error) {
	switch reply := reply.(type) {
	case string:
		return value{reply, isString}, err
	case error:
		return value{}, reply
	}
	if isWrongType(err) {
		return value{kind: other}, nil
	}
	return value{}, err
}

func isWrongType(err error) bool { return strings.HasPrefix(refused(err), "WRONGTYPE ") }

func isMove(err error) bool {
	to, _ := movedTo(err)
	return to != "" || strings.HasPrefix(refused(err), "TRYAGAIN ")
}

// addMissing finds out which of the keys that had no string are of another
// type, which MGET doesn't tell. One that is a string by now was absent.
func (s *servers) addMissing(ctx context.Context, c *conn, keys []string, values map[string]value) error {
	if len(keys) == 0 {
		return nil
	}
	commands := make([]command, len(keys))
	for i, key := range keys {
		commands[i] = command{"TYPE", key}
	}
	replies, err := c.do(commands...)
	if err != nil {
		return err
	}
	for i, key := range keys {
		switch reply := replies[i].(type) {
		case string:
			values[key] = value{}
			if reply != "none" && reply != "string" {
				values[key] = value{kind: other}
			}
		case refusal:
			if !isMove(reply) {
				return reply
			}
			if err := s.getEach(ctx, []string{key}, values); err != nil {
				return err
			}
		}
	}
	return nil
}
