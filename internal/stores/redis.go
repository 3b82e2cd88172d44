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

func redisStore() Store {
	return Store{
		Name: "redis", Title: "Redis",
		Layouts: []Layout{Keys, Versioned, Hash, Document}, Batch: 1000, Rest: 170 * time.Millisecond,
		Serve: func(t testing.TB) *testserver.Server {
			return testserver.Redis(t, testserver.RedisConfig{
				Persistent: true,
				// With "everysec" a write may be answered before it is the kernel's.
				Config: []string{"notify-keyspace-events KA", "appendfsync no"},
			})
		},
		Open: func(addr string, dials *Dials) (Client, error) {
			return &redisClient{goredis.NewClient(&goredis.Options{
				Addr: addr, Dialer: dials.dial, MaxRetries: -1, ReadTimeout: time.Second, PoolSize: 50,
			})}, nil
		},
	}
}

type redisClient struct{ *goredis.Client }

func (c *redisClient) Source(l Layout, root string, o Options) source.Source {
	opts := &redis.Options{Probe: o.Probe, Timeout: o.Probe, Poll: o.Poll, Separator: o.Separator}
	switch l {
	case Document:
		root, opts.Document = DocumentKey(root), cmp.Or(o.Format, document.JSON)
	case Hash:
		root, opts.Hash = HashKey(root), true
	case Versioned:
		opts.VersionKey = VersionKey(root)
	}
	return source.Named("redis "+string(l), redis.New(c.Client, root, opts))
}

func (c *redisClient) Commit(ctx context.Context, tx Transaction) error {
	if tx.Guard == "" {
		return c.write(ctx, c.Client, tx)
	}
	err := c.Watch(ctx, func(guarded *goredis.Tx) error {
		was, err := guarded.Get(ctx, tx.key(tx.Guard)).Result()
		if err != nil && !errors.Is(err, goredis.Nil) {
			return err
		}
		if was != tx.Was {
			return ErrConflict
		}
		return c.write(ctx, guarded, tx)
	}, tx.key(tx.Guard))
	if errors.Is(err, goredis.TxFailedErr) {
		return ErrConflict
	}
	return err
}

// write makes the changes in a transaction, in every way.
func (c *redisClient) write(ctx context.Context, in interface {
	TxPipelined(context.Context, func(goredis.Pipeliner) error) ([]goredis.Cmder, error)
}, tx Transaction) error {
	_, err := in.TxPipelined(ctx, func(pipe goredis.Pipeliner) error {
		for k, v := range tx.Put {
			pipe.Set(ctx, tx.key(k), v, 0)
		}
		for _, k := range tx.Delete {
			pipe.Del(ctx, tx.key(k))
		}
		if tx.Root == "" {
			return nil
		}
		for k, v := range tx.Put {
			pipe.HSet(ctx, HashKey(tx.Root), k, v)
		}
		for _, k := range tx.Delete {
			pipe.HDel(ctx, HashKey(tx.Root), k)
		}
		pipe.Incr(ctx, VersionKey(tx.Root))
		if tx.Document != "" {
			pipe.Set(ctx, DocumentKey(tx.Root), tx.Document, 0)
		}
		return nil
	})
	return err
}

func (c *redisClient) Put(ctx context.Context, key, value string) error {
	return c.Set(ctx, key, value, 0).Err()
}

func (c *redisClient) Get(ctx context.Context, key string) (string, error) {
	v, err := c.Client.Get(ctx, key).Result()
	if errors.Is(err, goredis.Nil) {
		err = nil
	}
	return v, err
}

// read is what the keys hold. The hash must hold the same.
func (c *redisClient) Read(ctx context.Context, root string) (State, error) {
	names := map[string]bool{}
	for scan := c.Scan(ctx, 0, root+"/*", 1000).Iterator(); scan.Next(ctx); {
		names[scan.Val()] = true
	}
	all := State{}
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
	fields, err := c.HGetAll(ctx, HashKey(root)).Result()
	if err == nil && !maps.Equal(all, State(fields)) {
		err = errors.New("the hash differs from the keys")
	}
	return all, err
}

// Follow subscribes to the notifications of the root, and reads the key that one
// is of: a notification has no value.
func (c *redisClient) Follow(ctx context.Context, root, key string, began func(), seen func(string)) error {
	const channel = "__keyspace@0__:"
	sub := c.PSubscribe(ctx, channel+root+"/*")
	defer sub.Close()
	if _, err := sub.Receive(ctx); err != nil {
		return err
	}
	began()
	for {
		msg, err := sub.ReceiveMessage(ctx)
		if err != nil {
			return err
		}
		if strings.TrimPrefix(msg.Channel, channel) != key {
			continue
		}
		value, err := c.Client.Get(ctx, key).Result()
		if err != nil {
			return err
		}
		seen(value)
	}
}

func (c *redisClient) Close() { c.Client.Close() }
