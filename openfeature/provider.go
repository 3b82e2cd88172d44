// Package openfeature serves feature flags that stand in a configuration to
// programs that ask for them through OpenFeature (https://openfeature.dev):
//
//	type App struct {
//		Flags map[string]any // flags.new-checkout: true
//	}
//
//	provider := openfeature.New(cfg, func(a *App) map[string]any { return a.Flags })
//	err := of.SetProviderAndWait(provider)
//
// A flag is changed as any other key is: in a file, in a store, in a layer for a
// part of the fleet. Providers tell OpenFeature's handlers which flags have
// changed. The package is a module of its own, so that the library doesn't
// require OpenFeature's SDK.
package openfeature

import (
	"maps"
	"slices"
	"sync"

	of "github.com/open-feature/go-sdk/openfeature"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
)

// Provider is an OpenFeature provider over a map of flags. Its methods may be
// called from any goroutine. It has no hooks and no targeting: a flag has one
// value, whoever asks, and the reason is STATIC.
type Provider struct {
	flag   func(name string) (value any, ok bool) // of the present generation
	follow func(changed func(names []string)) (cancel func())
	status func(told func(confsync.Status)) (cancel func()) // nil where the view has none

	events chan of.Event // holds 16; sent by the subscriptions between Init and Shutdown; never closed

	mu      sync.Mutex
	cancels []func()      // of the subscriptions; empty while the provider isn't in use
	done    chan struct{} // closed by Shutdown
}

// statused is a view that tells how its sources stand, as a *confsync.Config is.
type statused interface {
	OnStatus(func(confsync.Status)) (cancel func())
}

// New makes a provider of the flags that pick returns, which may be of one type,
// as in map[string]bool, or of several, as in map[string]any. v is a
// *confsync.Config or a part of one. The provider reads it at every evaluation,
// and follows it from OpenFeature's initialization to its shutdown.
func New[T, V any](v confsync.View[T], pick func(*T) map[string]V) *Provider {
	p := &Provider{events: make(chan of.Event, 16)}
	p.flag = func(name string) (any, bool) {
		value, ok := pick(v.Get())[name]
		return value, ok
	}
	p.follow = func(changed func([]string)) func() {
		return confsync.Watch(v, pick, func(c confsync.Change[map[string]V]) { changed(differences(c.Old, c.New)) })
	}
	if s, ok := v.(statused); ok {
		p.status = s.OnStatus
	}
	return p
}

// Metadata returns the provider's name, "confsync".
func (p *Provider) Metadata() of.Metadata { return of.Metadata{Name: "confsync"} }

// Hooks returns none.
func (p *Provider) Hooks() []of.Hook { return nil }

// EventChannel returns the channel of configuration changes, with the names of
// the flags that came, changed or went, and, where the view tells of its
// sources, of their being stale and back again.
func (p *Provider) EventChannel() <-chan of.Event { return p.events }

// Init begins to follow the configuration. It returns nil.
func (p *Provider) Init(of.EvaluationContext) error {
	p.Shutdown()
	p.mu.Lock()
	defer p.mu.Unlock()
	done := make(chan struct{})
	p.done = done
	p.cancels = append(p.cancels, p.follow(func(names []string) {
		p.send(done, of.Event{
			EventType:            of.ProviderConfigChange,
			ProviderEventDetails: of.ProviderEventDetails{Message: "flags have changed", FlagChanges: names},
		})
	}))
	if p.status != nil {
		stale := false
		p.cancels = append(p.cancels, p.status(func(s confsync.Status) {
			if now := anyStale(s); now != stale {
				stale = now
				p.send(done, standing(now))
			}
		}))
	}
	return nil
}

// Shutdown ends what Init began. It may be called more than once.
func (p *Provider) Shutdown() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, cancel := range p.cancels {
		cancel()
	}
	if p.done != nil {
		close(p.done)
	}
	p.cancels, p.done = nil, nil
}

// send waits until there is room for an event. The subscription whose callback
// it is called by is handed the newest values next.
func (p *Provider) send(done <-chan struct{}, e of.Event) {
	e.ProviderName = p.Metadata().Name
	select {
	case p.events <- e:
	case <-done:
	}
}

func anyStale(s confsync.Status) bool {
	return slices.ContainsFunc(s.Sources, func(src source.Status) bool { return src.State == source.Stale })
}

func standing(stale bool) of.Event {
	if stale {
		return of.Event{EventType: of.ProviderStale, ProviderEventDetails: of.ProviderEventDetails{Message: "a source of the flags is cut off"}}
	}
	return of.Event{EventType: of.ProviderReady, ProviderEventDetails: of.ProviderEventDetails{Message: "every source of the flags is back"}}
}

// differences returns the names, sorted, that differ between two maps of flags.
func differences[V any](old, next map[string]V) []string {
	names := map[string]bool{}
	for name := range next {
		if was, ok := old[name]; !ok || !equal(was, next[name]) {
			names[name] = true
		}
	}
	for name := range old {
		if _, ok := next[name]; !ok {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
