package stores

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/redis"
)

const poll = 500 * time.Millisecond // where notifications are off

func redisStore() backend {
	return backend{
		name: "redis",
		ways: []way{keys, versioned, hash, page},
		serve: func(t testing.TB) *testserver.Server {
			return testserver.Redis(t, testserver.RedisConfig{
				Persistent: true,
				// With "everysec" a write may be answered before it is the kernel's.
				Config: []string{"notify-keyspace-events KA", "appendfsync no"},
			})
		},
		connect: func(_ testing.TB, addr string, dials *dials) client {
			return &redisClient{goredis.NewClient(&goredis.Options{
				Addr: addr, Dialer: dials.dial, MaxRetries: -1, ReadTimeout: time.Second, PoolSize: 50,
			})}
		},
		faults: (*bout).redisFaults,
	}
}

type redisClient struct{ *goredis.Client }

func (c *redisClient) source(w way, root string, o options) source.Source {
	opts := &redis.Options{Probe: o.probe, Timeout: o.probe, Poll: poll, Separator: o.separator}
	switch w {
	case page:
		root, opts.Document = docKey(root), cmp.Or(o.format, document.JSON)
	case hash:
		root, opts.Hash = hashKey(root), true
	case versioned:
		opts.VersionKey = versionKey(root)
	}
	return source.Named("redis "+string(w), redis.New(c.Client, root, opts))
}

func (c *redisClient) commit(ctx context.Context, tx txn) error {
	if tx.guard == "" {
		return c.write(ctx, c.Client, tx)
	}
	err := c.Watch(ctx, func(guarded *goredis.Tx) error {
		was, err := guarded.Get(ctx, tx.key(tx.guard)).Result()
		if err != nil && !errors.Is(err, goredis.Nil) {
			return err
		}
		if was != tx.was {
			return errConflict
		}
		return c.write(ctx, guarded, tx)
	}, tx.key(tx.guard))
	if errors.Is(err, goredis.TxFailedErr) {
		return errConflict
	}
	return err
}

// write makes the changes in a transaction, in every way.
func (c *redisClient) write(ctx context.Context, in interface {
	TxPipelined(context.Context, func(goredis.Pipeliner) error) ([]goredis.Cmder, error)
}, tx txn) error {
	_, err := in.TxPipelined(ctx, func(pipe goredis.Pipeliner) error {
		for k, v := range tx.put {
			pipe.Set(ctx, tx.key(k), v, 0)
		}
		for _, k := range tx.del {
			pipe.Del(ctx, tx.key(k))
		}
		if tx.root == "" {
			return nil
		}
		for k, v := range tx.put {
			pipe.HSet(ctx, hashKey(tx.root), k, v)
		}
		for _, k := range tx.del {
			pipe.HDel(ctx, hashKey(tx.root), k)
		}
		pipe.Incr(ctx, versionKey(tx.root))
		if tx.doc != "" {
			pipe.Set(ctx, docKey(tx.root), tx.doc, 0)
		}
		return nil
	})
	return err
}

func (c *redisClient) get(ctx context.Context, key string) (string, error) {
	v, err := c.Get(ctx, key).Result()
	if errors.Is(err, goredis.Nil) {
		err = nil
	}
	return v, err
}

// read is what the keys hold. The hash must hold the same.
func (c *redisClient) read(ctx context.Context, root string) (state, error) {
	names := map[string]bool{}
	for scan := c.Scan(ctx, 0, root+"/*", 1000).Iterator(); scan.Next(ctx); {
		names[scan.Val()] = true
	}
	all := state{}
	if len(names) > 0 {
		list := slices.Collect(maps.Keys(names))
		values, err := c.MGet(ctx, list...).Result()
		if err != nil {
			return nil, err
		}
		for i, key := range list {
			all[strings.TrimPrefix(key, root+"/")], _ = values[i].(string)
		}
	}
	fields, err := c.HGetAll(ctx, hashKey(root)).Result()
	if err == nil && !maps.Equal(all, state(fields)) {
		err = errors.New("the hash differs from the keys")
	}
	return all, err
}

func (c *redisClient) close() { c.Client.Close() }
