package compare

import (
	"runtime"
)

// loadWork is a document, from bytes to the struct.
func loadWork(format Format, floor string) Work {
	return Work{
		Key: "load/" + string(format), Title: "Load a " + formatTitles[format] + " document",
		What:  "from the bytes to the filled struct, with all that the library sets up for it, and to the end of its closing",
		Sizes: allSizes, Unit: Nanoseconds, Per: 1,
		Floor: floor, floor: func(n int) (*Task, error) { return parseFloor(format, n), nil },
		task: func(c Contender, n int) (*Task, error) { return loadTask(c, format, n), nil },
	}
}

var formatTitles = map[Format]string{YAML: "YAML", JSON: "JSON", TOML: "TOML"}

func loadTask(c Contender, format Format, n int) *Task {
	want := newFleet(n)
	data := spell(want, format)
	var loaded Loaded
	return &Task{
		Do: func() (err error) {
			if loaded, err = c.Load(format, data); err == nil {
				loaded.Close()
			}
			return err
		},
		Check:  func() error { return same(loaded.Fleet(), want) },
		Verify: func() error { return nil }, // each has been
	}
}

// heldWork is the memory that a library keeps for a document it has loaded.
func heldWork() Work {
	return Work{
		Key: "held", Title: "Memory held per key",
		What:  "what the library keeps of a YAML document, and the struct, after a garbage collection, divided by the keys",
		Sizes: twoSizes, Unit: Bytes, Per: 1,
		Floor: "the struct alone", floor: func(n int) (*Task, error) {
			return heldTask(n, func([]byte) (Loaded, error) {
				f := newFleet(n)
				return Loaded{Fleet: func() *Fleet { return f }, Held: f, Close: func() {}}, nil
			}), nil
		},
		task: func(c Contender, n int) (*Task, error) {
			return heldTask(n, func(data []byte) (Loaded, error) { return c.Load(YAML, data) }), nil
		},
	}
}

func heldTask(n int, load func([]byte) (Loaded, error)) *Task {
	want := newFleet(n)
	data := spell(want, YAML)
	measure := func() (float64, error) {
		before := heap()
		loaded, err := load(data)
		if err != nil {
			return 0, err
		}
		defer loaded.Close()
		held := heap() - before
		err = same(loaded.Fleet(), want)
		runtime.KeepAlive(loaded.Held)
		runtime.KeepAlive(data)
		return float64(held) / float64(n), err
	}
	return &Task{Measure: measure}
}

// heap returns how many bytes are in use once all garbage is gone.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what finalizers have let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
