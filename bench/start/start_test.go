package start

import (
	"path/filepath"
	"slices"
	"testing"
)

// TestMeasure: every program starts, reads what it should, and is measured.
func TestMeasure(t *testing.T) {
	results, inits, err := Measure(t.Context(), Plan{Rounds: 2, Starts: 1, Keys: 16})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Size < 1<<20 || len(r.Rounds) != 2 || len(r.Rounds[1]) != 1 || r.Rounds[1][0] <= 0 {
			t.Errorf("%+v", r)
		}
	}
	if !slices.ContainsFunc(inits, func(i Init) bool { return i.Package == "os" }) {
		t.Errorf("no package os in %v", inits)
	}
}

// TestPrograms: each directory is in the list.
func TestPrograms(t *testing.T) {
	dirs, err := filepath.Glob("programs/*")
	var names []string
	for _, name := range Programs() {
		names = append(names, filepath.Join("programs", name))
	}
	for _, dir := range dirs {
		if !slices.Contains(names, dir) {
			t.Errorf("%s isn't measured", dir)
		}
	}
	if err != nil || len(dirs) != len(Programs())-1 {
		t.Errorf("%d programs in %v, %v", len(Programs()), dirs, err)
	}
}
