package place

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/confsync/confsync/source"
	confsyncnats "github.com/confsync/confsync/source/nats"
)

// openNATS takes the user's credentials from the file that an option names, as
// nsc makes it, or a token from CONFSYNC_NATS_TOKEN.
func openNATS(a *address) (*Place, error) {
	bucket, prefix, _ := strings.Cut(a.path, "/")
	if bucket == "" {
		return nil, errors.New("want nats://host:4222/BUCKET/PREFIX")
	}
	options := []nats.Option{nats.MaxReconnects(-1)}
	if config := a.tls(); config != nil {
		options = append(options, nats.Secure(config))
	}
	if file := a.get("creds-file"); file != "" {
		options = append(options, nats.UserCredentials(file))
	} else if token := a.secret("", "CONFSYNC_NATS_TOKEN"); token != "" {
		options = append(options, nats.Token(token))
	}
	opts := &confsyncnats.Options{Separator: a.get("separator"), Document: a.format("document")}
	keys := source.Keys{Root: prefix, Separator: opts.Separator}
	if keys.Separator == "" {
		keys.Separator = "."
	}
	s := &natsBucket{
		urls: strings.Join(a.hostsOr("127.0.0.1:4222"), ","), options: options, bucket: bucket,
		prefix: prefix, opts: opts, layout: Layout{opts.Document, keys},
	}
	return &Place{Source: s, Store: s, closer: s.close}, nil
}

// natsBucket connects when it is first used: the client asks for the bucket at
// once.
type natsBucket struct {
	urls           string
	options        []nats.Option
	bucket, prefix string
	opts           *confsyncnats.Options
	layout         Layout

	mu   sync.Mutex
	conn *nats.Conn
	kv   jetstream.KeyValue
}

func (s *natsBucket) Name() string { return strings.TrimSpace("nats " + s.bucket + " " + s.prefix) }

func (s *natsBucket) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	kv, err := s.open(ctx)
	if err != nil {
		return err
	}
	return confsyncnats.New(kv, s.prefix, s.opts).Watch(ctx, emit)
}

func (s *natsBucket) open(ctx context.Context) (jetstream.KeyValue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kv != nil {
		return s.kv, nil
	}
	if s.conn == nil {
		conn, err := nats.Connect(s.urls, s.options...)
		if err != nil {
			return nil, err
		}
		s.conn = conn
	}
	js, err := jetstream.New(s.conn)
	if err == nil {
		s.kv, err = js.KeyValue(ctx, s.bucket)
	}
	return s.kv, err
}

func (s *natsBucket) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		s.conn.Close()
	}
}

func (s *natsBucket) Layout() Layout { return s.layout }

// Batch is 1: a bucket has no transactions.
func (s *natsBucket) Batch() int { return 1 }

func (s *natsBucket) Read(ctx context.Context) (map[string]Entry, error) {
	kv, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	entries := map[string]Entry{}
	get := func(key string) error {
		entry, err := kv.Get(ctx, key)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			return nil
		}
		if err == nil {
			entries[key] = Entry{string(entry.Value()), int64(entry.Revision())}
		}
		return err
	}
	if s.layout.Document != 0 {
		return entries, get(s.prefix)
	}
	keys, err := kv.ListKeys(ctx)
	if err != nil {
		return nil, err
	}
	for key := range keys.Keys() {
		if err == nil && strings.HasPrefix(key, s.layout.Keys.Prefix()) {
			err = get(key)
		}
	}
	return entries, err
}

func (s *natsBucket) Apply(ctx context.Context, changes []Change) error {
	kv, err := s.open(ctx)
	if err != nil {
		return err
	}
	for _, c := range changes {
		switch {
		case c.New == nil:
			err = kv.Delete(ctx, c.Key, jetstream.LastRevision(uint64(c.Old.Revision)))
		case c.Old == nil:
			_, err = kv.Create(ctx, c.Key, []byte(*c.New))
		default:
			_, err = kv.Update(ctx, c.Key, []byte(*c.New), uint64(c.Old.Revision))
		}
		var refused *jetstream.APIError
		if errors.As(err, &refused) && refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || errors.Is(err, jetstream.ErrKeyExists) {
			return ErrMoved
		}
		if err != nil {
			return err
		}
	}
	return nil
}
