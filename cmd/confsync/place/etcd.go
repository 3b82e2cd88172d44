package place

import (
	"context"
	"os"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/etcd"
)

// openEtcd takes the password from the file that an option names or from
// ETCDCTL_PASSWORD, and the user from an option or from ETCDCTL_USER, which may
// hold both as "user:password".
func openEtcd(a *address) (*Place, error) {
	user, password, _ := strings.Cut(os.Getenv("ETCDCTL_USER"), ":")
	if name := a.get("user"); name != "" {
		user = name
	}
	if given := a.secret("password-file", "ETCDCTL_PASSWORD"); given != "" {
		password = given
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: a.hostsOr("127.0.0.1:2379"), TLS: a.tls(), Username: user, Password: password,
		DialKeepAliveTime: 10 * time.Second, DialKeepAliveTimeout: 5 * time.Second, Logger: zap.NewNop(),
	})
	if err != nil {
		return nil, err
	}
	opts := &etcd.Options{Separator: a.get("separator"), Document: a.format("document")}
	return &Place{
		Source: etcd.New(client, a.path, opts),
		Store:  &etcdStore{client, Layout{opts.Document, source.Keys{Root: a.path, Separator: opts.Separator}}},
		closer: func() { client.Close() },
	}, nil
}

type etcdStore struct {
	client *clientv3.Client
	layout Layout
}

func (s *etcdStore) Layout() Layout { return s.layout }

// Batch returns the number of operations that etcd's --max-txn-ops allows
// unless it is set.
func (s *etcdStore) Batch() int { return 128 }

// page is how many keys are read at a time, all at one revision.
const page = 1000

func (s *etcdStore) Read(ctx context.Context) (map[string]Entry, error) {
	entries := map[string]Entry{}
	key, opts := s.layout.Keys.Prefix(), []clientv3.OpOption{clientv3.WithLimit(page)}
	switch {
	case s.layout.Document != 0:
		key = s.layout.Keys.Root
	case key == "":
		key = "\x00"
		opts = append(opts, clientv3.WithFromKey())
	default:
		opts = append(opts, clientv3.WithRange(clientv3.GetPrefixRangeEnd(key)))
	}
	for {
		answer, err := s.client.Get(ctx, key, opts...)
		if err != nil {
			return nil, err
		}
		for _, kv := range answer.Kvs {
			entries[string(kv.Key)] = Entry{string(kv.Value), kv.ModRevision}
		}
		if !answer.More {
			return entries, nil
		}
		if key == s.layout.Keys.Prefix() || key == "\x00" {
			opts = append(opts, clientv3.WithRev(answer.Header.Revision))
		}
		key = string(answer.Kvs[len(answer.Kvs)-1].Key) + "\x00"
	}
}

func (s *etcdStore) Apply(ctx context.Context, changes []Change) error {
	var unmoved []clientv3.Cmp
	var ops []clientv3.Op
	for _, c := range changes {
		revision := int64(0) // a key that isn't there
		if c.Old != nil {
			revision = c.Old.Revision
		}
		unmoved = append(unmoved, clientv3.Compare(clientv3.ModRevision(c.Key), "=", revision))
		if c.New == nil {
			ops = append(ops, clientv3.OpDelete(c.Key))
		} else {
			ops = append(ops, clientv3.OpPut(c.Key, *c.New))
		}
	}
	answer, err := s.client.Txn(ctx).If(unmoved...).Then(ops...).Commit()
	if err == nil && !answer.Succeeded {
		err = ErrMoved
	}
	return err
}
