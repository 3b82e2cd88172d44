package consul_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
)

// recorded keeps what a source emits, over all of its Watches.
type recorded struct {
	source.Source
	mu    sync.Mutex
	trees []string
}

func (r *recorded) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	return r.Source.Watch(ctx, func(s source.Snapshot) {
		if s.Err == nil {
			r.mu.Lock()
			r.trees = append(r.trees, s.Tree.Root().String())
			r.mu.Unlock()
		}
		emit(s)
	})
}

// Row C4: a follower that is cut off and restarted has an empty store until it has
// read its log again, and is one that stale reads are answered by. It never shows.
func TestC4FollowerRestarted(t *testing.T) {
	for _, stale := range []time.Duration{0, 10 * time.Second} {
		t.Run(fmt.Sprint("stale by ", stale), func(t *testing.T) {
			cluster := testserver.ConsulCluster(t, 3, testserver.ConsulConfig{})
			leader := cluster.Leader()
			follower := cluster.Servers[0]
			if follower == leader {
				follower = cluster.Servers[1]
			}
			writer, _ := connect(t, leader.Addr(), "")
			put(t, writer, "app/a", "0")
			client, _ := connect(t, follower.Addr(), "")
			src := &recorded{Source: consul.New(client, "app", &consul.Options{Stale: stale, Probe: time.Second})}
			s := await.Supervise(t, src)
			await.Live(t, s, `{a:"0"}`)
			for n := 1; n <= 3; n++ {
				follower.Kill()
				put(t, writer, "app/a", fmt.Sprint(n))
				follower.Start()
				await.Live(t, s, fmt.Sprintf("{a:%q}", fmt.Sprint(n)))
			}
			src.mu.Lock()
			defer src.mu.Unlock()
			last := ""
			for _, tree := range src.trees {
				if tree < last || tree == "nothing" {
					t.Fatalf("it showed %q", src.trees)
				}
				last = tree
			}
		})
	}
}
