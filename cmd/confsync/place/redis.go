package place

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/redis"
)

// openRedis takes the password from the file that an option names, or from
// REDISCLI_AUTH.
func openRedis(a *address) (*Place, error) {
	options := &goredis.UniversalOptions{
		Addrs: a.hostsOr("127.0.0.1:6379"), DB: a.integer("db"), MasterName: a.get("sentinel"),
		Username: a.get("user"), Password: a.secret("password-file", "REDISCLI_AUTH"), TLSConfig: a.tls(),
		IsClusterMode: a.has("cluster"),
	}
	if len(options.Addrs) > 1 && options.MasterName == "" && !options.IsClusterMode {
		return nil, errors.New("several hosts are a Cluster (option cluster) or Sentinels (option sentinel, the name of the primary)")
	}
	if options.TLSConfig != nil && len(options.Addrs) == 1 {
		options.TLSConfig = withServerName(options.TLSConfig, options.Addrs[0])
	}
	client := goredis.NewUniversalClient(options)
	opts := &redis.Options{Separator: a.get("separator"), Hash: a.has("hash"), Document: a.format("document")}
	if opts.Hash && opts.Document != 0 {
		client.Close()
		return nil, errors.New("of the options hash and document at most one may be set")
	}
	keys := source.Keys{Root: a.path, Separator: opts.Separator}
	if opts.Hash {
		keys.Root = ""
	}
	return &Place{
		Source: redis.New(client, a.path, opts),
		Store:  &redisStore{client, a.path, opts.Hash, Layout{opts.Document, keys}},
		closer: func() { client.Close() },
	}, nil
}

func withServerName(config *tls.Config, addr string) *tls.Config {
	config = config.Clone()
	config.ServerName, _, _ = strings.Cut(addr, ":")
	return config
}

type redisStore struct {
	client goredis.UniversalClient
	root   string // the prefix, or the key of the hash
	hash   bool
	layout Layout
}

func (s *redisStore) Layout() Layout { return s.layout }
func (s *redisStore) Batch() int     { return 0 }

func (s *redisStore) Read(ctx context.Context) (map[string]Entry, error) {
	entries := map[string]Entry{}
	switch {
	case s.hash:
		fields, err := s.client.HGetAll(ctx, s.root).Result()
		for field, value := range fields {
			entries[field] = Entry{Value: value}
		}
		return entries, err
	case s.layout.Document != 0:
		return entries, s.get(ctx, entries, s.root)
	}
	scan := func(ctx context.Context, client *goredis.Client) error {
		keys := client.Scan(ctx, 0, pattern(s.layout.Keys.Prefix()), 1000).Iterator()
		for keys.Next(ctx) {
			if err := s.get(ctx, entries, keys.Val()); err != nil {
				return err
			}
		}
		return keys.Err()
	}
	switch c := s.client.(type) {
	case *goredis.ClusterClient:
		return nil, errors.New("pushing keys to a Redis Cluster is not supported, as they can't be written together; use the option hash or document")
	case *goredis.Client:
		return entries, scan(ctx, c)
	}
	return nil, errors.New("this kind of client can't be pushed to")
}

// get puts the value of a key among the entries, if it is there.
func (s *redisStore) get(ctx context.Context, entries map[string]Entry, key string) error {
	value, err := s.client.Get(ctx, key).Result()
	switch {
	case errors.Is(err, goredis.Nil):
		return nil
	case err == nil:
		entries[key] = Entry{Value: value}
	}
	return err
}

// pattern returns a glob that matches what begins with a prefix.
func pattern(prefix string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(prefix) + "*"
}

// Apply compares every key that is to change with the plan, while it is
// watched, and writes all in one MULTI.
func (s *redisStore) Apply(ctx context.Context, changes []Change) error {
	keys := []string{s.root}
	if !s.hash {
		keys = keys[:0]
		for _, c := range changes {
			keys = append(keys, c.Key)
		}
	}
	err := s.client.Watch(ctx, func(tx *goredis.Tx) error {
		for _, c := range changes {
			if err := s.unmoved(ctx, tx, c); err != nil {
				return err
			}
		}
		_, err := tx.TxPipelined(ctx, func(p goredis.Pipeliner) error {
			for _, c := range changes {
				s.change(ctx, p, c)
			}
			return nil
		})
		return err
	}, keys...)
	if errors.Is(err, goredis.TxFailedErr) {
		return ErrMoved
	}
	return err
}

// unmoved returns ErrMoved unless a key is as the change says.
func (s *redisStore) unmoved(ctx context.Context, tx *goredis.Tx, c Change) error {
	answer := tx.Get(ctx, c.Key)
	if s.hash {
		answer = tx.HGet(ctx, s.root, c.Key)
	}
	now, err := answer.Result()
	absent := errors.Is(err, goredis.Nil)
	switch {
	case err != nil && !absent:
		return err
	case absent != (c.Old == nil), !absent && now != c.Old.Value:
		return ErrMoved
	}
	return nil
}

func (s *redisStore) change(ctx context.Context, p goredis.Pipeliner, c Change) {
	switch {
	case s.hash && c.New == nil:
		p.HDel(ctx, s.root, c.Key)
	case s.hash:
		p.HSet(ctx, s.root, c.Key, *c.New)
	case c.New == nil:
		p.Del(ctx, c.Key)
	default:
		p.Set(ctx, c.Key, *c.New, 0)
	}
}
