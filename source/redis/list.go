package redis

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// list returns the keys below the prefix and how many bytes each holds. It
// looks twice before it says that there are none.
func (k *keysLayout) list(ctx context.Context) (map[string]int, error) {
	sizes, bytes := make(map[string]int, k.table.Len()), 0
	for range 2 {
		err := k.servers.list(ctx, escape(k.prefix)+"*", func(key string, size int) error {
			if _, ok := sizes[key]; ok || key == k.version {
				return nil
			}
			sizes[key] = size
			bytes += len(key) + size
			return k.check(len(sizes), bytes)
		})
		if err != nil || len(sizes) > 0 {
			return sizes, err
		}
	}
	return sizes, nil
}

// all returns the keys to read: those that were found, those that have been
// known, and the version key. Known keys are asked for by name before they
// count as gone: on a Cluster, one may have been on its way to another node.
func (k *keysLayout) all(found map[string]int) []string {
	all := slices.Collect(maps.Keys(found))
	for _, row := range k.table.Rows() {
		if _, ok := found[row.Key]; !ok {
			all = append(all, row.Key)
		}
	}
	if k.version != "" {
		all = append(all, k.version)
	}
	return all
}

// How much is asked for at once. A server that has something to tell of holds
// little for a client that is slow to read it.
const (
	pageKeys  = 1000
	pageBytes = 256 << 10
)

// pages divides keys by what they hold.
func pages(keys []string, sizes map[string]int) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		from, bytes := 0, 0
		for i, key := range keys {
			size := len(key) + sizes[key]
			if i > from && (bytes+size > pageBytes || i-from == pageKeys) {
				if !yield(keys[from:i]) {
					return
				}
				from, bytes = i, 0
			}
			bytes += size
		}
		if from < len(keys) {
			yield(keys[from:])
		}
	}
}

// list calls take with the keys that match a pattern, and with how many bytes
// each holds, until it returns an error. A key may come twice.
func (s *servers) list(ctx context.Context, pattern string, take func(key string, size int) error) error {
	for _, c := range s.conns {
		var page []string
		for cursor := "0"; cursor != "" || len(page) > 0; {
			var commands []command
			for _, key := range page {
				commands = append(commands, command{"STRLEN", key})
			}
			if cursor != "" {
				commands = append(commands, command{"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"})
			}
			asked := &exchange{conn: c, commands: commands}
			if err := s.exchange(asked); err != nil {
				return fmt.Errorf("list: %w", err)
			}
			replies := asked.replies
			for i, key := range page {
				size, _ := replies[i].(int64) // none if the key is of another type, or has been moved
				if err := take(key, int(size)); err != nil {
					return err
				}
			}
			if page = nil; cursor == "" {
				continue
			}
			var err error
			if cursor, page, err = scanned(replies[len(replies)-1]); err != nil {
				return fmt.Errorf("list: %w", err)
			}
		}
	}
	return nil
}

// scanned returns the next cursor, "" at the end, and the keys of an answer to SCAN.
func scanned(reply any) (cursor string, page []string, err error) {
	if err, ok := reply.(error); ok {
		return "", nil, err
	}
	list, _ := reply.([]any)
	if len(list) != 2 {
		return "", nil, errors.New("protocol: no answer to SCAN")
	}
	cursor, _ = list[0].(string)
	keys, _ := list[1].([]any)
	for _, key := range keys {
		if text, ok := key.(string); ok {
			page = append(page, text)
		}
	}
	if cursor == "0" {
		cursor = ""
	}
	return cursor, page, nil
}
