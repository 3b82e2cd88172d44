package compare

import (
	"encoding/json"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/go-viper/mapstructure/v2"
	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v4"
)

// parseFloor does no more than parse the document.
func parseFloor(format Format, n int) *Task {
	data := spell(newFleet(n), format)
	var services int
	parse := func() error {
		var all map[string]any
		if err := json.Unmarshal(data, &all); err != nil {
			return err
		}
		services = len(all["services"].(values))
		return nil
	}
	switch format {
	case YAML:
		parse = func() error {
			var doc yaml.Node
			if err := yaml.Load(data, &doc); err != nil {
				return err
			}
			services = len(doc.Content[0].Content[3].Content) / 2
			return nil
		}
	case TOML:
		parse = func() error {
			var all map[string]any
			if err := toml.Unmarshal(data, &all); err != nil {
				return err
			}
			services = len(all["services"].(values))
			return nil
		}
	}
	verify := func() error {
		if services != n/keysPerService {
			return wrong("services", services, n/keysPerService)
		}
		return nil
	}
	return &Task{Do: parse, Verify: verify}
}

// cloneFloor clones the Go map, decodes the entries that changed, and publishes
// the whole: what anything that hands out immutable values has to do.
func cloneFloor(n, changed int) *Task {
	var current atomic.Pointer[Fleet]
	current.Store(newFleet(n))
	entries := map[string]any{}
	for i := range changed {
		entries[serviceName(i)] = newFleet(n).values()["services"].(values)[serviceName(i)]
	}
	value := 1000
	decode := func(entry any) (s Service, err error) {
		d, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
			Result: &s, DecodeHook: mapstructure.StringToTimeDurationHookFunc(),
		})
		if err != nil {
			return s, err
		}
		return s, d.Decode(entry)
	}
	do := func() error {
		old := current.Load()
		next := &Fleet{Limits: old.Limits, Services: maps.Clone(old.Services)}
		for name, entry := range entries {
			s, err := decode(entry)
			if err != nil {
				return err
			}
			next.Services[name] = s
		}
		current.Store(next)
		return nil
	}
	return &Task{
		Stage: func() error {
			value++
			for _, entry := range entries {
				entry.(values)["retries"] = value
			}
			return nil
		},
		Do: do,
		Verify: func() error {
			want := newFleet(n)
			for name := range entries {
				s := want.Services[name]
				s.Retries = value
				want.Services[name] = s
			}
			return same(current.Load(), want)
		},
	}
}

func sorted(at map[string]int) []string { return slices.Sorted(maps.Keys(at)) }
