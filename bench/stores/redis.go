package stores

import (
	"context"
	"slices"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/redis"
)

const redisBatch = 1000

func startRedis(t testing.TB) *testserver.Server {
	return testserver.Redis(t, testserver.RedisConfig{Config: []string{"notify-keyspace-events KA"}})
}

func openRedis(addr string) (Client, error) {
	return redisClient{goredis.NewClient(&goredis.Options{Addr: addr})}, nil
}

type redisClient struct{ *goredis.Client }

func (c redisClient) Put(ctx context.Context, key, value string) error {
	return c.Set(ctx, key, value, 0).Err()
}

func (c redisClient) Fill(ctx context.Context, pairs []Pair) error {
	for batch := range slices.Chunk(pairs, redisBatch) {
		words := make([]any, 0, 2*len(batch))
		for _, p := range batch {
			words = append(words, p.Key, p.Value)
		}
		if err := c.MSet(ctx, words...).Err(); err != nil {
			return err
		}
	}
	return nil
}

// Follow subscribes to the notifications of the prefix, and reads the key that
// one is of: a notification has no value.
func (c redisClient) Follow(ctx context.Context, prefix, key string, began func(), seen func(string)) error {
	const channel = "__keyspace@0__:"
	sub := c.PSubscribe(ctx, channel+prefix+"/*")
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
		value, err := c.Get(ctx, key).Result()
		if err != nil {
			return err
		}
		seen(value)
	}
}

func (c redisClient) Source(prefix string) source.Source { return redis.New(c.Client, prefix, nil) }

func (c redisClient) Close() { c.Client.Close() }
