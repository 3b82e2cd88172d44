package prom

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

type app struct {
	Port uint16
	Name string
}

// open returns a configuration of one source that the test drives.
func open(t *testing.T) (*confsync.Config[app], *sourcetest.Memory) {
	t.Helper()
	store := sourcetest.NewMemory("store", map[string]any{"port": 80, "name": "a"})
	cfg, err := confsync.Open(t.Context(), confsync.Options[app]{
		Sources: []confsync.Source{store},
		Logger:  slog.New(slog.DiscardHandler),
		Policy:  source.Policy{StaleAfter: 100 * time.Millisecond, MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cfg.Close() })
	return cfg, store
}

// value returns a metric's value, and whether there is such a metric.
func value(t *testing.T, c prometheus.Collector, name string, labels ...string) (float64, bool) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			var got []string
			for _, l := range m.GetLabel() {
				got = append(got, l.GetName()+"="+l.GetValue())
			}
			if strings.Join(got, ",") != strings.Join(labels, ",") {
				continue
			}
			return m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetSummary().GetSampleSum(), true
		}
	}
	return 0, false
}

func want(t *testing.T, c prometheus.Collector, want float64, name string, labels ...string) {
	t.Helper()
	if got, ok := value(t, c, name, labels...); !ok || got != want {
		t.Errorf("%s%v: got %v (there: %v), want %v", name, labels, got, ok, want)
	}
}

// TestLint holds the metrics against the conventions.
func TestLint(t *testing.T) {
	cfg, _ := open(t)
	problems, err := testutil.CollectAndLint(NewCollector(cfg))
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

func TestMetrics(t *testing.T) {
	cfg, store := open(t)
	c := NewCollector(cfg)
	want(t, c, 1, "confsync_generation")
	want(t, c, 2, "confsync_keys")
	want(t, c, 1, "confsync_last_reload_successful")
	want(t, c, 1, "confsync_source_state", "source=store", "state=live")
	want(t, c, 0, "confsync_source_state", "source=store", "state=stale")
	want(t, c, 0, "confsync_source_staleness_seconds", "source=store")
	if at, _ := value(t, c, "confsync_last_reload_success_timestamp_seconds"); time.Since(time.UnixMilli(int64(at*1000))) > time.Hour {
		t.Errorf("last success at %v", at)
	}

	store.Set("port", "80a")
	await.Until(t, "the update is rejected", func() bool { return cfg.Status().Rejected != nil })
	want(t, c, 0, "confsync_last_reload_successful")
	want(t, c, 1, "confsync_rejected_problems_total", "kind=mistyped")
	want(t, c, 1, "confsync_generation")

	store.Set("port", 81)
	await.Until(t, "it is accepted again", func() bool { return cfg.Status().Rejected == nil })
	want(t, c, 1, "confsync_last_reload_successful")
	want(t, c, 2, "confsync_generation")
	want(t, c, 1, "confsync_rejected_problems_total", "kind=mistyped") // it counts on
	if took, ok := value(t, c, "confsync_apply_duration_seconds"); !ok || took <= 0 {
		t.Errorf("applying took %v", took)
	}

	store.Set("new", "key")
	await.Until(t, "a key is unknown", func() bool { return len(cfg.Status().Unknown) == 1 })
	want(t, c, 1, "confsync_unknown_keys")
}

func TestStaleness(t *testing.T) {
	cfg, store := open(t)
	c := NewCollector(cfg)
	store.Fail(errors.New("connection refused"))
	await.Until(t, "the source is stale", func() bool { return cfg.Status().Sources[0].State == source.Stale })
	want(t, c, 1, "confsync_source_state", "source=store", "state=stale")
	if s, _ := value(t, c, "confsync_source_staleness_seconds", "source=store"); s < 0.1 {
		t.Errorf("stale for %v seconds", s)
	}
	if n, _ := value(t, c, "confsync_source_watch_failures_total", "source=store"); n < 1 {
		t.Errorf("%v failures", n)
	}
	store.Heal()
	await.Until(t, "the source is back", func() bool { return cfg.Status().Sources[0].State == source.Live })
	want(t, c, 0, "confsync_source_staleness_seconds", "source=store")
}

// TestSeveral asserts that two configurations fit into one registry.
func TestSeveral(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	for _, name := range []string{"a", "b"} {
		cfg, _ := open(t)
		prometheus.WrapRegistererWith(prometheus.Labels{"config": name}, registry).MustRegister(NewCollector(cfg))
	}
	n, err := testutil.GatherAndCount(registry, "confsync_generation")
	if err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
}

func ExampleNewCollector() {
	cfg, err := confsync.Open(ctx, confsync.Options[app]{
		Sources: []confsync.Source{source.Static("defaults", map[string]any{"port": 80})},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cfg.Close()

	registry := prometheus.NewRegistry()
	registry.MustRegister(NewCollector(cfg))
	families, err := registry.Gather()
	for _, f := range families {
		if f.GetName() == "confsync_keys" {
			fmt.Println(f.GetName(), f.GetMetric()[0].GetGauge().GetValue(), err)
		}
	}
	// Output: confsync_keys 1 <nil>
}
