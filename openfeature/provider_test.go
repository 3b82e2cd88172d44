package openfeature

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	of "github.com/open-feature/go-sdk/openfeature"
	"go.uber.org/goleak"

	"github.com/confsync/confsync"
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
