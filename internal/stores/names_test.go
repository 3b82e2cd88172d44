package stores

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
	goredis "github.com/redis/go-redis/v9"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/etcd"
	"github.com/confsync/confsync/source/file"
	"github.com/confsync/confsync/source/redis"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/source/zookeeper"
)

// TestNamesAreOneLine gives every source a place with what must not stand in a
// log as it is.
func TestNamesAreOneLine(t *testing.T) {
	load := func(context.Context) (source.Snapshot, error) { return source.Snapshot{}, nil }
	for _, bad := range []string{"a\nb", "a\x1b[31mb", "a\u2028b", "a\xffb", "a\x00"} {
		for _, src := range []source.Source{
			source.Static(bad, nil), source.Poll(bad, time.Second, load), source.Named(bad, source.Static("s", nil)),
			source.Mount("x", source.Optional(source.Static(bad, nil))), sourcetest.NewMemory(bad, nil),
			file.New(bad, nil), file.Dir(bad, nil), env.New(bad, nil),
			consul.New(&api.Client{}, bad, nil), etcd.New(&clientv3.Client{}, bad, nil),
			redis.New(&goredis.Client{}, bad, nil), zookeeper.New(&zk.Conn{}, "/"+bad, nil),
		} {
			if name := src.Name(); strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) }) || !strings.Contains(name, `\`) {
				t.Errorf("%T: the name is %q", src, name)
			}
		}
	}
}
