package openfeature

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	of "github.com/open-feature/go-sdk/openfeature"
	"go.uber.org/goleak"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

type app struct{ Flags map[string]any }

func flags(a *app) map[string]any { return a.Flags }

// setUp serves flags to OpenFeature, in a domain that is the test's own.
func setUp(t *testing.T) (*of.Client, *sourcetest.Memory) {
	t.Helper()
	store := sourcetest.NewMemory("store", map[string]any{"flags": map[string]any{
		"on": true, "color": "blue", "rate": 0.5, "limit": 7, "whole": 3.0, "theme": map[string]any{"dark": true},
	}})
	cfg, err := confsync.Open(t.Context(), confsync.Options[app]{Sources: []confsync.Source{store}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cfg.Close() })
	if err := of.SetNamedProviderAndWait(t.Name(), New(cfg, flags)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(of.Shutdown)
	return of.NewClient(t.Name()), store
}

func TestEvaluation(t *testing.T) {
	client, _ := setUp(t)
	ctx, none := t.Context(), of.EvaluationContext{}
	check := func(flag string, got any, err error, want any) {
		t.Helper()
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v and %v, want %v", flag, got, err, want)
		}
	}
	on, err := client.BooleanValue(ctx, "on", false, none)
	check("on", on, err, true)
	color, err := client.StringValue(ctx, "color", "", none)
	check("color", color, err, "blue")
	rate, err := client.FloatValue(ctx, "rate", 0, none)
	check("rate", rate, err, 0.5)
	asFloat, err := client.FloatValue(ctx, "limit", 0, none)
	check("limit as a float", asFloat, err, 7)
	limit, err := client.IntValue(ctx, "limit", 0, none)
	check("limit", limit, err, 7)
	whole, err := client.IntValue(ctx, "whole", 0, none)
	check("whole", whole, err, 3)
	theme, err := client.ObjectValue(ctx, "theme", nil, none)
	check("theme", theme, err, map[string]any{"dark": true})

	details, err := client.BooleanValueDetails(ctx, "on", false, none)
	if err != nil || details.Reason != of.StaticReason {
		t.Errorf("%+v, %v", details, err)
	}
}

// TestErrors asserts that the caller's default is what an evaluation that fails
// returns, with the code of the reason.
func TestErrors(t *testing.T) {
	client, _ := setUp(t)
	missing, err := client.BooleanValueDetails(t.Context(), "nowhere", true, of.EvaluationContext{})
	if err == nil || !missing.Value || missing.ErrorCode != of.FlagNotFoundCode || missing.Reason != of.ErrorReason {
		t.Errorf("%+v, %v", missing, err)
	}
	for _, flag := range []string{"color", "rate", "theme"} {
		other, err := client.IntValueDetails(t.Context(), flag, 9, of.EvaluationContext{})
		if err == nil || other.Value != 9 || other.ErrorCode != of.TypeMismatchCode {
			t.Errorf("%s: %+v, %v", flag, other, err)
		}
	}
}

// TestTexts asserts that where all is text a flag is what is asked for, and that one
// of no such text, or of none at all, is the caller's default.
func TestTexts(t *testing.T) {
	client, store := setUp(t)
	store.Replace(map[string]any{"flags": map[string]any{"on": "true", "off": " false", "limit": "-7", "rate": "0.5", "color": "blue", "half": "7.5", "null": nil}})
	ctx, none := t.Context(), of.EvaluationContext{}
	until(t, "the texts", func() bool { _, err := client.StringValue(ctx, "half", "", none); return err == nil })
	for flag, want := range map[string]string{
		"on": "true 9 0.25", "off": "false 9 0.25", "limit": "true -7 -7", "rate": "true 9 0.5", "color": "true 9 0.25", "half": "true 9 7.5", "null": "true 9 0.25",
	} {
		on, err1 := client.BooleanValue(ctx, flag, true, none)
		n, err2 := client.IntValue(ctx, flag, 9, none)
		x, err3 := client.FloatValue(ctx, flag, 0.25, none)
		if got := fmt.Sprint(on, n, x); got != want {
			t.Errorf("%s: got %s, want %s (%v, %v, %v)", flag, got, want, err1, err2, err3)
		}
	}
}

// TestNoFlagsToReach asserts that a function that panics, and a pointer to nothing,
// are the caller's default.
func TestNoFlagsToReach(t *testing.T) {
	type nested struct {
		Section *struct{ Flags map[string]bool }
		Set     map[string]*bool
	}
	v := confsync.Fixed(&nested{Set: map[string]*bool{"nil": nil}})
	lost := New(v, func(n *nested) map[string]bool { return n.Section.Flags })
	if d := lost.BooleanEvaluation(t.Context(), "on", true, nil); !d.Value || d.ResolutionDetail().ErrorCode != of.GeneralCode {
		t.Errorf("%+v", d)
	}
	set := New(v, func(n *nested) map[string]*bool { return n.Set })
	if d := set.ObjectEvaluation(t.Context(), "nil", "default", nil); d.Value != "default" || d.ResolutionDetail().ErrorCode != of.TypeMismatchCode {
		t.Errorf("%+v", d)
	}
}

// TestStale asserts that a provider whose source is cut off stays stale for
// OpenFeature whatever else changes, and is ready again when it is back.
func TestStale(t *testing.T) {
	remote, local := sourcetest.NewMemory("remote", nil), sourcetest.NewMemory("local", map[string]any{"flags": map[string]any{"n": 1}})
	cfg, err := confsync.Open(t.Context(), confsync.Options[app]{Sources: []confsync.Source{source.WithPolicy(source.Policy{StaleAfter: time.Millisecond, MaxBackoff: time.Millisecond}, remote), local}})
	if err != nil {
		t.Fatal(err)
	}
	defer cfg.Close()
	remote.Fail(errors.New("cut off"))
	is := func(state source.State) func() bool {
		return func() bool { return cfg.Status().Sources[0].State == state }
	}
	until(t, "a source that is stale", is(source.Stale))
	p := New(cfg, flags)
	if err := p.Init(of.EvaluationContext{}); err != nil {
		t.Fatal(err)
	}
	defer p.Shutdown()
	next := func(want of.EventType) {
		t.Helper()
		select {
		case e := <-p.EventChannel():
			if e.EventType != want {
				t.Errorf("got %s, want %s", e.EventType, want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("no event, want %s", want)
		}
	}
	next(of.ProviderStale)
	local.Set("flags.n", 2)
	next(of.ProviderConfigChange)
	next(of.ProviderStale)
	remote.Heal()
	next(of.ProviderReady)
	local.Set("flags.n", 3)
	next(of.ProviderConfigChange)
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no sign of %s", what)
		}
	}
}

// TestEvents asserts that handlers are told which flags came, changed and went,
// and of a source that is cut off.
func TestEvents(t *testing.T) {
	client, store := setUp(t)
	events := make(chan of.EventDetails, 10)
	heard := func(d of.EventDetails) { events <- d }
	client.AddHandler(of.ProviderConfigChange, &heard)

	store.Replace(map[string]any{"flags": map[string]any{"on": false, "color": "blue", "new": true}})
	select {
	case d := <-events:
		want := []string{"limit", "new", "on", "rate", "theme", "whole"}
		if !slices.Equal(d.FlagChanges, want) || d.ProviderName != "confsync" {
			t.Errorf("got %v of %q, want %v", d.FlagChanges, d.ProviderName, want)
		}
	case <-time.After(time.Minute):
		t.Fatal("no event")
	}
	on, err := client.BooleanValue(t.Context(), "on", true, of.EvaluationContext{})
	if err != nil || on {
		t.Errorf("got %v and %v", on, err)
	}
}

// TestShutdownLeavesNothing asserts that a provider that is full of events that
// nobody reads doesn't hold up its shutdown, or the configuration's Close.
func TestShutdownLeavesNothing(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	store := sourcetest.NewMemory("store", nil)
	cfg, err := confsync.Open(context.Background(), confsync.Options[app]{Sources: []confsync.Source{store}})
	if err != nil {
		t.Fatal(err)
	}
	p := New(cfg, flags)
	for range 3 {
		if err := p.Init(of.EvaluationContext{}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 50 {
		store.Set(fmt.Sprintf("flags.f%d", i), true)
		if err := cfg.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p.Shutdown()
	p.Shutdown()
	cfg.Close()
}
