package compare

import "slices"

// Work is one thing to be done, at each of its sizes, by all contenders.
type Work struct {
	Key   string // names it: "load/yaml"
	Title string // of its table
	What  string // what is timed, for those who read the table
	Sizes []int  // keys of the document
	Unit  Unit
	Per   int // times that Do does it

	Floor string                              // what the floor does; "" for none
	floor func(n int) (*Task, error)          // nil for none
	task  func(Contender, int) (*Task, error) // its error may be an errCannot
}

// Unit is what a figure counts.
type Unit string

// The units.
const (
	Nanoseconds Unit = "ns"
	Bytes       Unit = "B"
)

// FloorName stands for the floor among the contenders' names.
const FloorName = "floor"

// Task makes the work ready for a contender, or the floor, by its name.
func (w Work) Task(name string, n int) (*Task, error) {
	if name == FloorName {
		return w.floor(n)
	}
	all := Contenders()
	i := slices.IndexFunc(all, func(c Contender) bool { return c.Name() == name })
	return w.task(all[i], n)
}

// Names returns those who do the work: all contenders, and the floor if it has
// one.
func (w Work) Names() []string {
	var names []string
	for _, c := range Contenders() {
		names = append(names, c.Name())
	}
	if w.floor != nil {
		names = append(names, FloorName)
	}
	return names
}

var (
	allSizes  = []int{100, 1_000, 10_000, 100_000}
	twoSizes  = []int{10_000, 100_000}
	onlySmall = []int{10_000}
)

// Works returns all of them, in the order of the tables.
func Works() []Work {
	works := []Work{
		loadWork(YAML, "YAML parsed to nodes"),
		loadWork(JSON, "JSON parsed to a map"),
		loadWork(TOML, "TOML parsed to a map"),
	}
	for _, s := range scenarios() {
		works = append(works, s.work())
	}
	return append(works, readWork(), heldWork())
}

// WorkOf returns the work with that key.
func WorkOf(key string) (Work, bool) {
	all := Works()
	i := slices.IndexFunc(all, func(w Work) bool { return w.Key == key })
	if i < 0 {
		return Work{}, false
	}
	return all[i], true
}
