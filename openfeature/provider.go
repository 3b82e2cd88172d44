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
// part of the fleet. Where all is text, as in the environment and in most stores, "true"
// is a bool and "7" a number to who asks for one. Providers tell OpenFeature's handlers which flags have
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
	stands statused // nil where the view is none

	events chan of.Event // holds 16; sent by the subscriptions between Init and Shutdown; never closed

	mu      sync.Mutex
	cancels []func()      // of the subscriptions; empty while the provider isn't in use
	done    chan struct{} // closed by Shutdown
}

// statused is a view that tells how its sources stand, as a *confsync.Config is.
type statused interface {
	Status() confsync.Status
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
	p.stands, _ = v.(statused)
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
	told := &telling{provider: p, done: make(chan struct{})}
	p.done = told.done
	if p.stands != nil {
		p.cancels = append(p.cancels, p.stands.OnStatus(told.status))
		told.status(p.stands.Status()) // there is room for what it sends
	}
	p.cancels = append(p.cancels, p.follow(told.changed))
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
	for range len(p.events) { // they are of no use any more
		select {
		case <-p.events:
		default:
		}
	}
}

// telling sends events, from an Init to its Shutdown.
type telling struct {
	provider *Provider
	done     chan struct{} // the provider's

	mu    sync.Mutex // events come in its order
	stale bool       // was said last
}

// changed tells which flags have changed. OpenFeature takes that for a provider
// that is well, so one that is stale says so again.
func (t *telling) changed(names []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.send(of.Event{
		EventType:            of.ProviderConfigChange,
		ProviderEventDetails: of.ProviderEventDetails{Message: "flags have changed", FlagChanges: names},
	})
	if t.stale {
		t.send(standing(true))
	}
}

// status tells of a source that is stale, and of all being back.
func (t *telling) status(s confsync.Status) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := anyStale(s); now != t.stale {
		t.stale = now
		t.send(standing(now))
	}
}

// send waits until there is room for an event. The subscription whose callback
// it is called by is handed the newest values next.
func (t *telling) send(e of.Event) {
	e.ProviderName = t.provider.Metadata().Name
	select {
	case t.provider.events <- e:
	case <-t.done:
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
