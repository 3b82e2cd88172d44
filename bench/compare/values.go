package compare

import (
	"fmt"
	"strings"
)

// values are a layer as nested maps.
type values = map[string]any

// The paths that the works change are those of integers: the plain struct's
// one, and a retries in each service.
const limitPath = "limits.requests"

func retriesPath(i int) string { return "services." + serviceName(i) + ".retries" }

// serviceOf returns the service of a retries path.
func serviceOf(path string) string {
	return strings.TrimSuffix(strings.TrimPrefix(path, "services."), ".retries")
}

// nested returns values at dotted paths.
func nested(at map[string]int) values {
	v := values{}
	for path, value := range at {
		set(v, path, value)
	}
	return v
}

func set(v values, path string, value any) {
	segments := strings.Split(path, ".")
	for _, s := range segments[:len(segments)-1] {
		below, ok := v[s].(values)
		if !ok {
			below = values{}
			v[s] = below
		}
		v = below
	}
	v[segments[len(segments)-1]] = value
}

func remove(v values, path string) {
	segments := strings.Split(path, ".")
	for _, s := range segments[:len(segments)-1] {
		v = v[s].(values)
	}
	delete(v, segments[len(segments)-1])
}

func clone(v values) values {
	out := make(values, len(v))
	for key, value := range v {
		if below, ok := value.(values); ok {
			value = clone(below)
		}
		out[key] = value
	}
	return out
}

// expected returns the fleet that layers over a fleet make, worked out as
// plainly as can be. They differ from it in integers alone.
func expected(base *Fleet, layers []values) (*Fleet, error) {
	f := base.plain()
	for _, layer := range layers {
		if limits, ok := layer["limits"].(values); ok {
			f.Limits.Requests = limits["requests"].(int)
		}
		services, _ := layer["services"].(values)
		for name, keys := range services {
			s, known := f.Services[name]
			if !known {
				return nil, fmt.Errorf("no service %q", name)
			}
			if retries, ok := keys.(values)["retries"]; ok {
				s.Retries = retries.(int)
			}
			f.Services[name] = s
		}
	}
	return f, nil
}

func layerName(i int) string { return fmt.Sprintf("layer %d", i) }
