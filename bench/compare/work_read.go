package compare

import "sync/atomic"

const reads = 1_000_000

// readWork is one value, read as programs that use the library do.
func readWork() Work {
	return Work{
		Key: "read", Title: "Read one integer",
		What:  "by the library's own way of reading one value",
		Sizes: onlySmall, Unit: Nanoseconds, Per: reads,
		Floor: "an atomic.Pointer load and a field", floor: func(n int) (*Task, error) { return readFloor(n), nil },
		task: func(c Contender, n int) (*Task, error) {
			base := newFleet(n)
			live, err := c.Open(Setup{Layers: []values{base.values(), nested(map[string]int{limitPath: 1000})}})
			if err != nil {
				return nil, err
			}
			t := readTask(live.Read, 1000)
			t.Close = live.Close
			return t, nil
		},
	}
}

func readTask(read func(times int) int, want int) *Task {
	var sum int
	return &Task{
		Do: func() error { sum = read(reads); return nil },
		Check: func() error {
			if sum != reads*want {
				return wrong("the sum of the values read", sum, reads*want)
			}
			return nil
		},
		Verify: func() error { return nil }, // each has been
	}
}

func readFloor(n int) *Task {
	var p atomic.Pointer[Fleet]
	p.Store(newFleet(n))
	return readTask(func(times int) (sum int) {
		for range times {
			sum += p.Load().Limits.Requests
		}
		return sum
	}, 500)
}
