package openfeature_test

import (
	"context"
	"fmt"

	of "github.com/open-feature/go-sdk/openfeature"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/openfeature"
	"github.com/confsync/confsync/source"
)

func Example() {
	type App struct{ Flags map[string]bool }
	ctx := context.Background()
	cfg, err := confsync.Open(ctx, confsync.Options[App]{Sources: []confsync.Source{
		source.Static("defaults", map[string]any{"flags": map[string]any{"new-checkout": true}}),
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cfg.Close()

	provider := openfeature.New(cfg, func(a *App) map[string]bool { return a.Flags })
	if err := of.SetNamedProviderAndWait("shop", provider); err != nil {
		fmt.Println(err)
		return
	}
	on, err := of.NewClient("shop").BooleanValue(ctx, "new-checkout", false, of.EvaluationContext{})
	fmt.Println(on, err)
	// Output: true <nil>
}
