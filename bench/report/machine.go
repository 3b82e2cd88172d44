package report

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// Machine returns what the figures were measured on, without its name.
func Machine() string {
	cores := fmt.Sprintf("%d cores", runtime.NumCPU())
	if cpu := processor(); cpu != "" {
		cores += " of " + cpu
	}
	return fmt.Sprintf("%s, %s/%s, %s", cores, runtime.GOOS, runtime.GOARCH, strings.Replace(runtime.Version(), "go", "Go ", 1))
}

// processor returns the name of the processor, "" where it isn't known.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Version returns the version of a module that is built into this program, ""
// when it isn't, or when it is the one under development.
func Version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	i := slices.IndexFunc(info.Deps, func(m *debug.Module) bool { return m.Path == module })
	if i < 0 || info.Deps[i].Replace != nil {
		return ""
	}
	return strings.TrimPrefix(info.Deps[i].Version, "v")
}
