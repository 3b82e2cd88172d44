package otel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// collect returns what is observed, by name and attributes.
func collect(t *testing.T, reader metric.Reader) map[string]float64 {
	t.Helper()
	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	put := func(name string, set attribute.Set, v float64) {
		values[name+"{"+set.Encoded(attribute.DefaultEncoder())+"}"] = v
	}
	for _, scope := range got.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					put(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					put(m.Name, p.Attributes, p.Value)
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					put(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Sum[float64]:
				for _, p := range data.DataPoints {
					put(m.Name, p.Attributes, p.Value)
				}
			}
		}
	}
	return values
}

func TestMetrics(t *testing.T) {
	type app struct{ Port uint16 }
	store := sourcetest.NewMemory("store", map[string]any{"port": 80})
	cfg, err := confsync.Open(t.Context(), confsync.Options[app]{
		Sources: []confsync.Source{store},
		Logger:  slog.New(slog.DiscardHandler),
		Policy:  source.Policy{StaleAfter: 100 * time.Millisecond, MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer cfg.Close()
	reader := metric.NewManualReader()
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	registration, err := Register(provider.Meter("test"), cfg, attribute.String("config", "app"))
	if err != nil {
		t.Fatal(err)
	}
	want := func(name string, want float64) {
		t.Helper()
		if got, ok := collect(t, reader)[name]; !ok || got != want {
			t.Errorf("%s: got %v (there: %v), want %v", name, got, ok, want)
		}
	}
	want("confsync.generation{config=app}", 1)
	want("confsync.accepted{config=app}", 1)
	want("confsync.source.state{config=app,source=store,state=live}", 1)
	want("confsync.source.staleness{config=app,source=store}", 0)

	store.Set("port", "80a")
	await.Until(t, "the update is rejected", func() bool { return cfg.Status().Rejected != nil })
	want("confsync.accepted{config=app}", 0)
	want("confsync.rejected.problems{config=app,kind=mistyped}", 1)
	store.Set("port", 81)
	await.Until(t, "the next is accepted", func() bool { return cfg.Generation() == 2 })
	want("confsync.generation{config=app}", 2)

	store.Fail(errors.New("connection refused"))
	await.Until(t, "the source is stale", func() bool { return cfg.Status().Sources[0].State == source.Stale })
	want("confsync.source.state{config=app,source=store,state=stale}", 1)
	if got := collect(t, reader)["confsync.source.staleness{config=app,source=store}"]; got <= 0 {
		t.Errorf("stale for %v", got)
	}

	if err := registration.Unregister(); err != nil {
		t.Fatal(err)
	}
	if got := collect(t, reader); len(got) > 0 {
		t.Errorf("observed after the registration has ended: %v", got)
	}
}

func ExampleRegister() {
	type app struct{ Port uint16 }
	ctx := context.Background()
	cfg, err := confsync.Open(ctx, confsync.Options[app]{
		Sources: []confsync.Source{source.Static("defaults", map[string]any{"port": 80})},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cfg.Close()

	reader := metric.NewManualReader() // a program has an exporter's
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	registration, err := Register(provider.Meter("checkout"), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer registration.Unregister()

	var got metricdata.ResourceMetrics
	err = reader.Collect(ctx, &got)
	fmt.Println(len(got.ScopeMetrics[0].Metrics) > 10, err)
	// Output: true <nil>
}
