package consul_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
)

func TestC7IdleWakesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		index := uint64(20)
		f := &fake{kv: func(int, *http.Request) reply { // a busy neighbour: every query is woken at once
			index++
			return reply{index: index}
		}}
		settle(t, f, nil)
		if n := len(f.asked("index")); n < 50 || n > 75 {
			t.Errorf("%d queries in a minute, want about one a second", n)
		}
	})
}

func TestRateBoundsBusyPrefix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		index := uint64(20)
		f := &fake{kv: func(int, *http.Request) reply {
			index++
			return reply{index: index, pairs: []api.KVPair{pair("app/a", "x", index)}}
		}}
		settle(t, f, &consul.Options{Rate: 5})
		if n := len(f.asked("index")); n < 250 || n > 5*60+55 {
			t.Errorf("%d queries in a minute, want about five a second", n)
		}
	})
}

func TestABurstIsNotHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{kv: func(n int, r *http.Request) reply {
			if n > 900 {
				return hold(r)
			}
			return reply{index: uint64(n), pairs: []api.KVPair{pair("app/a", "x", uint64(n))}}
		}}
		start := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		consul.New(f.client(t), "app", nil).Watch(ctx, func(source.Snapshot) {
			if n++; n == 900 {
				cancel()
			}
		})
		if took := time.Since(start); took != 0 {
			t.Errorf("900 changes took %v, want no wait", took)
		}
	})
}
