package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/confsync/confsync/bench/compare"
	"github.com/confsync/confsync/bench/report"
)

// pictures are the works whose growth is drawn, and the files in docs/.
var pictures = map[string]string{
	"load/yaml":     "growth-load.svg",
	"change/map":    "growth-change-map.svg",
	"change/struct": "growth-change-struct.svg",
}

// compareLibraries has all libraries do the same work, and writes the tables
// and the pictures. A quick run, or one of a single work, only prints.
func compareLibraries(root string, quick bool, only string) error {
	plan := compare.Plan{Rounds: 11, Sample: 100 * time.Millisecond, Only: only, Log: os.Stdout}
	if quick {
		plan.Rounds, plan.Sample, plan.Largest = 2, 5*time.Millisecond, 10_000
	}
	results, err := compare.Run(plan)
	if err != nil || quick || only != "" {
		return err
	}
	return writeComparison(root, results)
}

func writeComparison(root string, results []compare.Result) error {
	page := filepath.Join(root, "docs", "performance.md")
	sections := map[report.Section]string{
		{File: filepath.Join(root, "README.md"), Name: "bench"}: report.Headlines(results),
		{File: page, Name: "bench"}:                             report.Headlines(results),
		{File: page, Name: "works"}:                             report.Works(results),
		{File: page, Name: "allocations"}:                       report.Allocations(results),
	}
	for s, text := range sections {
		if err := write(s, text); err != nil {
			return err
		}
	}
	for key, file := range pictures {
		if err := report.Growth(results, key, filepath.Join(root, "docs", file)); err != nil {
			return err
		}
	}
	return keepOutcomes(root, report.LibraryOutcomes(results))
}

// keep writes a section of the page, and the budgets anew with those that have
// just been measured.
func keep(root, section, text string, measured report.Outcomes) error {
	if err := write(report.Section{File: filepath.Join(root, "docs", "performance.md"), Name: section}, text); err != nil {
		return err
	}
	return keepOutcomes(root, measured)
}

func keepOutcomes(root string, measured report.Outcomes) error {
	all, err := measured.Keep(filepath.Join(root, "bench", "outcomes.json"))
	if err != nil {
		return err
	}
	return write(report.Section{File: filepath.Join(root, "docs", "performance.md"), Name: "budgets"}, report.Budgets(all))
}

func write(s report.Section, text string) error {
	written, err := s.Write(text)
	if err == nil && !written {
		fmt.Printf("%s has no section %q\n", s.File, s.Name)
	}
	return err
}
