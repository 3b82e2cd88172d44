package report

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
)

// Outcome is how one budget came out.
type Outcome struct {
	Measured string
	Met      bool
}

// Outcomes are those of some budgets, by their keys. Each subject of the bench
// measures some of them, and a file keeps those of its last run.
type Outcomes map[string]Outcome

// Keep adds outcomes to those in a file, and returns all of them.
func (o Outcomes) Keep(file string) (Outcomes, error) {
	all := Outcomes{}
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	maps.Copy(all, o)
	if data, err = json.MarshalIndent(all, "", "\t"); err != nil {
		return nil, err
	}
	return all, os.WriteFile(file, append(data, '\n'), 0o644)
}
