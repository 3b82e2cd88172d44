package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// value is what a key holds.
type value struct {
	text string
	kind kind
}

type kind uint8

const (
	absent kind = iota
	text
	other // a type that can't be used
)

// get reads string keys: at one instant, unless they are in several slots of a
// Cluster.
func (p *primaries) get(ctx context.Context, keys []string) (map[string]value, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	var got map[string]value
	var err error
	if p.cluster == nil || inOneSlot(keys) {
		got, err = p.getTogether(ctx, keys)
	} else {
		got, err = p.getByNode(ctx, keys)
	}
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return got, nil
}

// getTogether reads keys with one command.
func (p *primaries) getTogether(ctx context.Context, keys []string) (map[string]value, error) {
	var values *goredis.SliceCmd
	err := p.run(ctx, keys[0], func(pipe goredis.Pipeliner) { values = pipe.MGet(ctx, keys...) })
	if p.cluster != nil && isMoved(err) {
		return p.getByNode(ctx, keys) // some have been moved, others not yet
	}
	if err != nil {
		return nil, err
	}
	got := make(map[string]value, len(keys))
	var missing []string
	for i, v := range values.Val() {
		if s, ok := v.(string); ok {
			got[keys[i]] = value{s, text}
		} else {
			missing = append(missing, keys[i])
		}
	}
	return got, p.addMissing(ctx, missing, got)
}

// addMissing finds out which of the keys that had no string are of another
// type, which the answer didn't tell. One that is a string by now was absent.
func (p *primaries) addMissing(ctx context.Context, keys []string, got map[string]value) error {
	if len(keys) == 0 {
		return nil
	}
	types := make([]*goredis.StatusCmd, len(keys))
	err := p.run(ctx, keys[0], func(pipe goredis.Pipeliner) {
		for i, key := range keys {
			types[i] = pipe.Type(ctx, key)
		}
	})
	for i, key := range keys {
		switch types[i].Val() {
		case "none", "string":
			got[key] = value{}
		default:
			got[key] = value{kind: other}
		}
	}
	return err
}

// getByNode reads keys of several slots, those of a node together.
func (p *primaries) getByNode(ctx context.Context, keys []string) (map[string]value, error) {
	byNode := make(map[*goredis.Client][]string)
	for _, key := range keys {
		node, err := p.cluster.MasterForKey(ctx, key)
		if err != nil {
			return nil, err
		}
		byNode[node] = append(byNode[node], key)
	}
	got := make(map[string]value, len(keys))
	for node, keys := range byNode {
		cmds := make([]*goredis.StringCmd, len(keys))
		_ = p.pipeline(ctx, node, func(pipe goredis.Pipeliner) {
			for i, key := range keys {
				cmds[i] = pipe.Get(ctx, key)
			}
		})
		for i, key := range keys {
			if isMoved(cmds[i].Err()) {
				_ = p.run(ctx, key, func(pipe goredis.Pipeliner) { cmds[i] = pipe.Get(ctx, key) })
			}
			switch s, err := cmds[i].Result(); {
			case err == nil:
				got[key] = value{s, text}
			case errors.Is(err, goredis.Nil):
				got[key] = value{}
			case isWrongType(err):
				got[key] = value{kind: other}
			default:
				return nil, err
			}
		}
	}
	return got, nil
}

func isWrongType(err error) bool { return goredis.HasErrorPrefix(err, "WRONGTYPE") }

// inOneSlot reports whether a Cluster has keys in one slot because of their tags.
func inOneSlot(keys []string) bool {
	for _, key := range keys {
		if tag(key) != tag(keys[0]) {
			return false
		}
	}
	return true
}

// tag is the part of a key that tells its slot: what is in the first braces, or
// all of it.
func tag(key string) string {
	if _, after, ok := strings.Cut(key, "{"); ok {
		if inside, _, ok := strings.Cut(after, "}"); ok && inside != "" {
			return inside
		}
	}
	return key
}

// scan calls take with the keys that match a pattern, of one node after
// another, a page at a time, until it returns an error. A key may come twice.
func (p *primaries) scan(ctx context.Context, pattern string, take func(keys []string) error) error {
	for _, node := range p.nodes {
		for cursor := uint64(0); ; {
			page, next, err := p.page(ctx, node, cursor, pattern)
			if err != nil {
				return fmt.Errorf("scan: %w", err)
			}
			if err := take(page); err != nil {
				return err
			}
			if cursor = next; cursor == 0 {
				break
			}
		}
	}
	return nil
}

const pageSize = 1000

func (p *primaries) page(ctx context.Context, node *goredis.Client, cursor uint64, pattern string) ([]string, uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	return node.Scan(ctx, cursor, pattern, pageSize).Result()
}
