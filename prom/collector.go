// Package prom exports the state of a configuration to Prometheus:
//
//	registry.MustRegister(prom.NewCollector(cfg))
//
// With several configurations in one program, give each a label of its own:
//
//	prometheus.WrapRegistererWith(prometheus.Labels{"config": "tenants"}, registry).MustRegister(prom.NewCollector(tenants))
//
// Beside the package are rules for alerts (alerts.yaml) and a dashboard for
// Grafana (dashboard.json). The package is a module of its own, so that the
// library doesn't require Prometheus's client.
package prom

import (
	"iter"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/metrics"
	"github.com/confsync/confsync/source"
)

// Collected is what a collector reads. A *confsync.Config is one.
type Collected interface {
	Status() confsync.Status
	All() iter.Seq[confsync.Explanation]
}

// Collector is a prometheus.Collector of one configuration. It holds no state
// but the number of keys; everything else is read at each scrape. It may be used
// from any goroutine.
type Collector struct {
	config Collected

	mu      sync.Mutex
	counted uint64 // the generation whose keys were counted
	keys    int
}

// NewCollector returns the collector of a configuration. After its Close the
// last values stay, and every source is "closed".
func NewCollector(c Collected) *Collector { return &Collector{config: c} }

// The metrics. Those of a source have its name in the label "source".
var (
	generation = describe("generation", "Number of the generation that is served.")
	since      = describe("generation_timestamp_seconds", "When the generation that is served was published, in Unix time.")
	keys       = describe("keys", "Values in the configuration that is served.")
	successful = describe("last_reload_successful", "1 if the newest contents of the sources are served, 0 if they were rejected.")
	succeeded  = describe("last_reload_success_timestamp_seconds", "When the contents of the sources were last found good, in Unix time.")
	rejections = describe("rejected_problems_total", "Problems for which updates were rejected, by kind.", "kind")
	unknown    = describe("unknown_keys", "Keys that no field takes, and deprecated ones; 100 at most.")
	applying   = describe("apply_duration_seconds", "Time that updates took to be merged, bound, validated and published or rejected.")
	pending    = describe("apply_pending_seconds", "How long the update that is being applied has taken so far; 0 while there is none.")

	state      = describe("source_state", "1 for the state that the source is in, 0 for the others.", "source", "state")
	staleness  = describe("source_staleness_seconds", "How long the source has been cut off; 0 while it is in touch.", "source")
	usable     = describe("source_usable", "1 if the present content of the source can be used, or is not known.", "source")
	watches    = describe("source_watches_total", "Watches that were started.", "source")
	failures   = describe("source_watch_failures_total", "Watches that failed, after which there was a reconnect.", "source")
	resyncs    = describe("source_resyncs_total", "Watches in touch that were started anew, so that nothing lost stays lost.", "source")
	emits      = describe("source_snapshots_total", "Snapshots that the source gave, those that changed nothing included.", "source")
	read       = describe("source_read_bytes_total", "Bytes read, for the sources that count them.", "source")
	lastChange = describe("source_last_change_timestamp_seconds", "When the values of the source last changed, in Unix time.", "source")
)

var all []*prometheus.Desc

func describe(name, help string, labels ...string) *prometheus.Desc {
	d := prometheus.NewDesc(prometheus.BuildFQName("confsync", "", name), help, labels, nil)
	all = append(all, d)
	return d
}

// Describe sends the descriptions of all metrics.
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range all {
		to <- d
	}
}

// Collect sends the present values of all metrics.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	now := time.Now()
	s := c.config.Status()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge(generation, float64(s.Generation))
	gauge(since, seconds(s.Since))
	gauge(keys, float64(c.count(s.Generation)))
	gauge(successful, metrics.One[float64](s.Rejected == nil))
	gauge(succeeded, seconds(s.Accepted))
	gauge(unknown, float64(len(s.Unknown)))
	gauge(pending, metrics.Elapsed(now, s.Applying))
	for kind, n := range s.Rejections {
		counter(rejections, float64(n), kind.String())
	}
	to <- prometheus.MustNewConstSummary(applying, s.Applied.Count, s.Applied.Total.Seconds(), nil)

	for _, src := range s.Sources {
		for _, st := range metrics.States {
			gauge(state, metrics.One[float64](st == src.State), src.Name, st.String())
		}
		gauge(staleness, src.CutOff(now).Seconds(), src.Name)
		gauge(usable, metrics.One[float64](src.State != source.Live || src.Err == nil), src.Name)
		counter(watches, float64(src.Watches), src.Name)
		counter(failures, float64(src.Failures), src.Name)
		counter(resyncs, float64(src.Resyncs), src.Name)
		counter(emits, float64(src.Emits), src.Name)
		counter(read, float64(src.Bytes), src.Name)
		gauge(lastChange, seconds(src.LastChange), src.Name)
	}
}

// count returns the number of values of a generation. They are counted once.
func (c *Collector) count(generation uint64) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counted == generation {
		return c.keys
	}
	c.counted, c.keys = generation, 0
	for x := range c.config.All() {
		if len(x.Layers) > 0 {
			c.keys++
		}
	}
	return c.keys
}

// seconds returns a time in Unix seconds, 0 for the zero time.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixNano()) / 1e9
}
