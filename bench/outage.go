package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/confsync/confsync/bench/fleet"
	"github.com/confsync/confsync/bench/report"
)

// outage has a fleet lose its store, and see one change.
func outage(ctx context.Context, root string, quick bool) error {
	plan := fleet.Plan{Instances: 300, Keys: 1_000, Away: 2 * time.Minute}
	if quick {
		plan = fleet.Plan{Instances: 30, Keys: 100, Away: 5 * time.Second}
	}
	change, real, err := fleet.Run(ctx, plan)
	if err != nil {
		return err
	}
	outages := []fleet.Outage{real}
	for _, n := range []int{plan.Instances, 1_000, 10_000} {
		outages = append(outages, fleet.Calculate(n, plan.Away, fleet.Default()))
	}
	for _, o := range outages {
		fmt.Printf("%6d instances, real %-5t: %d/s at the onset, %d/s late, %d/s at the return, all back after %v\n",
			o.Instances, o.Real, o.Onset(), o.Late(), o.Return(), o.BackAfter(1).Round(100*time.Millisecond))
	}
	fmt.Printf("%6d instances saw a change after %v to %v, with %d requests, %d at once, and %d bytes\n", change.Instances,
		change.SeenAfter(0).Round(time.Millisecond), change.SeenAfter(1).Round(time.Millisecond), change.Asked, change.Peak, change.Down)
	if quick {
		return nil
	}
	text := report.Fleet(outages, change, plan.Keys)
	if err := write(report.Section{File: filepath.Join(root, "docs", "performance.md"), Name: "fleet"}, text); err != nil {
		return err
	}
	unspread := fleet.Calculate(10_000, plan.Away, fleet.Unspread())
	return report.FleetPicture(outages, unspread, filepath.Join(root, "docs", "fleet-outage.svg"))
}
