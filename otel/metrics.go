// Package otel exports the state of a configuration as OpenTelemetry metrics. It
// is the twin of package prom:
//
//	registration, err := otel.Register(provider.Meter("checkout"), cfg)
//	defer registration.Unregister()
//
// The package is a module of its own, so that the library doesn't require
// OpenTelemetry.
package otel

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/metrics"
	"github.com/confsync/confsync/source"
)

// Observed is what the metrics are read from. A *confsync.Config is one.
type Observed interface{ Status() confsync.Status }

// Register has a configuration observed at each collection of the meter's
// reader, until the registration is ended. It may be called for several
// configurations: attributes are added to each observation, such as the name of
// the configuration. Those of a source have its name in "source".
//
// The instruments are confsync.generation, confsync.accepted (1, or 0 while the
// newest contents are rejected), confsync.accepted.age and confsync.apply.pending
// in seconds, confsync.apply.count and confsync.apply.duration,
// confsync.rejected.problems by "kind", confsync.unknown.keys, and
// confsync.source.state by "state", .staleness in seconds, .usable, .watches,
// .failures, .resyncs, .snapshots and .read in bytes.
func Register(meter metric.Meter, c Observed, attributes ...attribute.KeyValue) (metric.Registration, error) {
	o := &observer{config: c, common: attributes}
	if err := o.make(meter); err != nil {
		return nil, err
	}
	return meter.RegisterCallback(o.observe, o.all...)
}

// observer holds the instruments.
type observer struct {
	config Observed
	common []attribute.KeyValue
	all    []metric.Observable

	generation, accepted, unknown, state, usable metric.Int64ObservableGauge
	age, pending, staleness                      metric.Float64ObservableGauge
	applied, rejected                            metric.Int64ObservableCounter
	duration                                     metric.Float64ObservableCounter
	watches, failures, resyncs, snapshots, read  metric.Int64ObservableCounter
}

// make makes the instruments.
func (o *observer) make(m metric.Meter) error {
	var errs []error
	gauge := func(into *metric.Int64ObservableGauge, name, unit, what string) {
		i, err := m.Int64ObservableGauge("confsync."+name, metric.WithUnit(unit), metric.WithDescription(what))
		*into, errs, o.all = i, append(errs, err), append(o.all, i)
	}
	seconds := func(into *metric.Float64ObservableGauge, name, what string) {
		i, err := m.Float64ObservableGauge("confsync."+name, metric.WithUnit("s"), metric.WithDescription(what))
		*into, errs, o.all = i, append(errs, err), append(o.all, i)
	}
	counter := func(into *metric.Int64ObservableCounter, name, unit, what string) {
		i, err := m.Int64ObservableCounter("confsync."+name, metric.WithUnit(unit), metric.WithDescription(what))
		*into, errs, o.all = i, append(errs, err), append(o.all, i)
	}
	gauge(&o.generation, "generation", "{generation}", "Number of the generation that is served.")
	gauge(&o.accepted, "accepted", "1", "1 if the newest contents of the sources are served, 0 if they were rejected.")
	seconds(&o.age, "accepted.age", "How long ago the contents of the sources were last found good.")
	seconds(&o.pending, "apply.pending", "How long the update that is being applied has taken so far.")
	counter(&o.applied, "apply.count", "{update}", "Updates that were tried.")
	counter(&o.rejected, "rejected.problems", "{problem}", "Problems for which updates were rejected, by kind.")
	gauge(&o.unknown, "unknown.keys", "{key}", "Keys that no field takes, and deprecated ones; 100 at most.")
	gauge(&o.state, "source.state", "1", "1 for the state that the source is in, 0 for the others.")
	seconds(&o.staleness, "source.staleness", "How long the source has been cut off.")
	gauge(&o.usable, "source.usable", "1", "1 if the present content of the source can be used, or is not known.")
	counter(&o.watches, "source.watches", "{watch}", "Watches that were started.")
	counter(&o.failures, "source.failures", "{watch}", "Watches that failed.")
	counter(&o.resyncs, "source.resyncs", "{watch}", "Watches in touch that were started anew.")
	counter(&o.snapshots, "source.snapshots", "{snapshot}", "Snapshots that the source gave.")
	counter(&o.read, "source.read", "By", "Bytes read, for the sources that count them.")
	duration, err := m.Float64ObservableCounter("confsync.apply.duration", metric.WithUnit("s"), metric.WithDescription("Time that updates took, in sum."))
	o.duration, errs, o.all = duration, append(errs, err), append(o.all, duration)
	return errors.Join(errs...)
}

func (o *observer) observe(_ context.Context, to metric.Observer) error {
	now, s := time.Now(), o.config.Status()
	common := o.with()
	to.ObserveInt64(o.generation, int64(s.Generation), common)
	to.ObserveInt64(o.accepted, metrics.One[int64](s.Rejected == nil), common)
	to.ObserveFloat64(o.age, metrics.Elapsed(now, s.Accepted), common)
	to.ObserveFloat64(o.pending, metrics.Elapsed(now, s.Applying), common)
	to.ObserveInt64(o.applied, int64(s.Applied.Count), common)
	to.ObserveFloat64(o.duration, s.Applied.Total.Seconds(), common)
	to.ObserveInt64(o.unknown, int64(len(s.Unknown)), common)
	for kind, n := range s.Rejections {
		to.ObserveInt64(o.rejected, int64(n), o.with(attribute.String("kind", kind.String())))
	}
	for _, src := range s.Sources {
		name := attribute.String("source", src.Name)
		for _, st := range metrics.States {
			to.ObserveInt64(o.state, metrics.One[int64](st == src.State), o.with(name, attribute.String("state", st.String())))
		}
		of := o.with(name)
		to.ObserveFloat64(o.staleness, src.CutOff(now).Seconds(), of)
		to.ObserveInt64(o.usable, metrics.One[int64](src.State != source.Live || src.Err == nil), of)
		to.ObserveInt64(o.watches, src.Watches, of)
		to.ObserveInt64(o.failures, src.Failures, of)
		to.ObserveInt64(o.resyncs, src.Resyncs, of)
		to.ObserveInt64(o.snapshots, src.Emits, of)
		to.ObserveInt64(o.read, src.Bytes, of)
	}
	return nil
}

// with returns the attributes of one observation.
func (o *observer) with(more ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributes(append(o.common[:len(o.common):len(o.common)], more...)...)
}
