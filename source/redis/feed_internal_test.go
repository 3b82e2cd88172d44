package redis

import (
	"fmt"
	"testing"

	goredis "github.com/redis/go-redis/v9"
)

// Row R5: however much is told, a feed remembers little, and forgets nothing.
func TestR5FeedIsBounded(t *testing.T) {
	f := &feed{prefix: "__keyspace@0__:", wake: make(chan struct{}, 1), dirty: map[string]struct{}{}}
	most := 0
	for i := range 3 * maxDirty {
		f.take(&goredis.Message{Channel: fmt.Sprintf("__keyspace@0__:k%d", i), Payload: "set"}, nil)
		most = max(most, len(f.dirty))
	}
	if most > maxDirty {
		t.Errorf("a feed has remembered %d keys, want at most %d", most, maxDirty)
	}
	if _, lost := f.drain(); !lost {
		t.Error("drain says that no key was lost")
	}
	f.take(&goredis.Message{Channel: "__keyspace@0__:k", Payload: "del"}, nil)
	dirty, lost := f.drain()
	if _, ok := dirty["k"]; !ok || len(dirty) != 1 || lost {
		t.Errorf("drain = %v, %v; want k alone", dirty, lost)
	}
}

// Row R3: a subscription that is made again makes everything dirty.
func TestR3SubscribedAnew(t *testing.T) {
	f := &feed{acks: 1, wake: make(chan struct{}, 1), dirty: map[string]struct{}{}}
	f.take(&goredis.Subscription{Kind: "psubscribe"}, nil)
	if dirty, _ := f.pending(); dirty {
		t.Error("the first subscription makes something dirty")
	}
	f.take(&goredis.Subscription{Kind: "psubscribe"}, nil)
	if _, lost := f.drain(); !lost {
		t.Error("a second subscription doesn't make everything dirty")
	}
}
