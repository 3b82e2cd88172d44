package consul_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
)

// script answers query n with reply n, and holds the queries after the last.
func script(replies ...reply) func(int, *http.Request) reply {
	return func(n int, r *http.Request) reply {
		if n > len(replies) {
			return hold(r)
		}
		return replies[n-1]
	}
}

// settle runs Watch for a minute of fake time, or until it ends, and returns the trees.
func settle(t *testing.T, f *fake, opts *consul.Options) (trees []string, err error) {
	t.Helper()
	snaps, err := watchAMinute(t, f, opts)
	return drawn(snaps), err
}

func watchAMinute(t *testing.T, f *fake, opts *consul.Options) ([]source.Snapshot, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := watchOnce(ctx, consul.New(f.client(t), "app", opts))
	if ctx.Err() != nil && err != ctx.Err() {
		t.Fatalf("Watch = %v after its context ended, want %v", err, ctx.Err())
	}
	return got, err
}

// Each answer comes after a good one; what is emitted must be the good one only.
func TestC3C5C8UntrustedAnswers(t *testing.T) {
	full := []api.KVPair{pair("app/a", "x", 20)}
	header := func(index, leader, filtered string) http.Header {
		h := http.Header{}
		h.Set("X-Consul-Index", index)
		h.Set("X-Consul-KnownLeader", leader)
		h.Set("X-Consul-LastContact", "0")
		h.Set("X-Consul-Results-Filtered-By-ACLs", filtered)
		return h
	}
	tests := []struct {
		name   string
		answer reply
		says   string
		code   int
	}{
		{"C3 a 404 that isn't Consul's", reply{status: 404, header: http.Header{}, body: "not found"}, "no index", 0},
		{"C3 an empty list without an index", reply{status: 200, header: http.Header{}, body: "[]"}, "no index", 0},
		{"C3 a 404 of index 0", reply{status: 404, header: header("0", "true", "")}, "no index", 0},
		{"C3 a 404 while there is no leader", reply{status: 404, header: header("21", "false", "")}, "no leader", 0},
		{"C3 keys while there is no leader", reply{pairs: full, header: header("21", "false", "")}, "no leader", 0},
		{"C3 a body that is no list", reply{index: 21, body: "<html>"}, "invalid character", 0},
		{"C5 all keys hidden", reply{status: 404, header: header("21", "true", "true")}, "hidden", 0},
		{"C5 some keys hidden", reply{pairs: full, header: header("21", "true", "true")}, "hidden", 0},
		{"C5 no permission", reply{status: 403, body: "ACL not found"}, "403", 403},
		{"C2 a server's error", reply{status: 500, body: "rpc error"}, "500", 500},
		{"C8 too many requests", reply{status: 429, body: "slow down"}, "429", 429},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{kv: script(reply{index: 20, pairs: full}, tt.answer, tt.answer)}
				snaps, err := settle(t, f, nil)
				if want := []string{`{a:"x"}`}; !slices.Equal(snaps, want) {
					t.Errorf("emitted %q, want %q", snaps, want)
				}
				if err == nil || !strings.Contains(err.Error(), tt.says) || strings.HasPrefix(err.Error(), "consul") {
					t.Errorf("Watch = %v, want an error that says %q, and not whose it is", err, tt.says)
				}
				var status api.StatusError
				if errors.As(err, &status); status.Code != tt.code {
					t.Errorf("Watch = %v, status code %d, want %d", err, status.Code, tt.code)
				}
			})
		})
	}
}

func TestC4EmptinessIsConfirmed(t *testing.T) {
	full := []api.KVPair{pair("app/a", "x", 20)}
	tests := []struct {
		name    string
		replies []reply
		want    []string
		reads   []string // "c" where the read was a consistent one
	}{
		{"denied", []reply{{index: 20, pairs: full}, {index: 21}, {index: 22, pairs: full}}, []string{`{a:"x"}`, `{a:"x"}`}, []string{"c", "", "c", ""}},
		{"true", []reply{{index: 20, pairs: full}, {index: 21}, {index: 21}}, []string{`{a:"x"}`, `nothing`}, []string{"c", "", "c", ""}},
		{"at the start, and then no news", []reply{{index: 21}, {index: 23}}, []string{`nothing`, `nothing`}, []string{"c", "", ""}},
		{"can't be confirmed", []reply{{index: 20, pairs: full}, {index: 21}, {status: 500, body: "no leader"}}, []string{`{a:"x"}`}, []string{"c", "", "c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{kv: script(tt.replies...)}
				snaps, _ := settle(t, f, nil)
				if !slices.Equal(snaps, tt.want) {
					t.Errorf("emitted %q, want %q", snaps, tt.want)
				}
				var reads []string
				for _, r := range f.queries {
					c := ""
					if r.URL.Query().Has("consistent") {
						c = "c"
					}
					reads = append(reads, c)
				}
				if !slices.Equal(reads, tt.reads) {
					t.Errorf("consistent reads: %q, want %q", reads, tt.reads)
				}
			})
		})
	}
}

func TestC6DeadlineIsBeyondTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{kv: script(reply{index: 20, pairs: []api.KVPair{pair("app/a", "x", 20)}})}
		start := time.Now()
		_, err := watchOnce(t.Context(), consul.New(f.client(t), "app", &consul.Options{Wait: 8 * time.Minute, Probe: -1}))
		took, want := time.Since(start), 8*time.Minute+30*time.Second+30*time.Second
		if took != want || err == nil || !strings.Contains(err.Error(), "no answer within 9m0s") {
			t.Errorf("Watch = %v after %v, want no answer after %v", err, took, want)
		}
		if got := f.asked("wait")[1]; got != "480000ms" {
			t.Errorf("asked with wait=%s, want 480000ms", got)
		}
		if f.probes != 0 {
			t.Errorf("%d probes, want none", f.probes)
		}
	})
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name  string
		probe func(*http.Request) reply
		says  string
	}{
		{"silence", hold, "probe: no answer within 5s"},
		{"no leader", func(*http.Request) reply {
			h := trusted(20)
			h.Set("X-Consul-KnownLeader", "false")
			return reply{body: `["app/a"]`, header: h}
		}, "probe: the cluster has no leader"},
		{"no right to read", func(*http.Request) reply { return reply{status: 403, body: "ACL not found"} }, "probe: Unexpected response code: 403 (ACL not found)"},
		{"keys that are gone", func(*http.Request) reply { return reply{index: 20} }, "probe: what is held differs from the store"},
		{"an error", func(*http.Request) reply { return reply{status: 500, body: "no servers"} }, "no servers"},
		{"a broken connection", func(*http.Request) reply { return reply{err: errors.New("refused")} }, "refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{probe: tt.probe, kv: script(reply{index: 20, pairs: []api.KVPair{pair("app/a", "x", 20)}})}
				start := time.Now()
				_, err := watchOnce(t.Context(), consul.New(f.client(t), "app", nil))
				if took := time.Since(start); took > 15*time.Second {
					t.Errorf("Watch ended after %v, want 15s at most", took)
				}
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("Watch = %v, want %q", err, tt.says)
				}
			})
		})
	}
}

// synctest itself fails a test that leaves a goroutine behind.
func TestTwoGoroutinesAtRestAndNoneAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{kv: script(reply{index: 20, pairs: []api.KVPair{pair("app/a", "x", 20)}})}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := watchOnce(ctx, consul.New(f.client(t), "app", nil))
			ended <- err
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		running := 0
		for g := range strings.SplitSeq(string(stacks), "\n\n") {
			if strings.Contains(g, "source/consul.(*watch)") {
				running++
			}
		}
		if running != 2 {
			t.Errorf("%d goroutines at rest, want 2:\n%s", running, stacks)
		}
		if f.probes < 6 {
			t.Errorf("%d probes in a minute, want at least 6", f.probes)
		}
		cancel()
		if err := <-ended; err != context.Canceled {
			t.Errorf("Watch = %v, want %v", err, context.Canceled)
		}
	})
}
