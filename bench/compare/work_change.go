package compare

import (
	"fmt"
	"runtime"
)

// scenario is a set-up of layers and the changes of one of them. The base is a
// whole fleet; the values of the others are integers that start at 1000.
type scenario struct {
	key, title, what string
	sizes            []int
	upper            []map[string]int // layers above the base
	layer            int              // that changes; 0 is the base
	set              []string         // paths, which get another value each time
	remove           bool             // they are removed instead, having been set again
	subscribed       []string
	floor            int // entries of the Go map that change; 0: there is no floor
}

func scenarios() []scenario {
	const told, rebuilt = "from the emit to the subscriber's callback", "from the emit to the rebuilt struct"
	one := map[string]int{retriesPath(7): 1000}
	thousand := map[string]int{}
	for i := range 1000 {
		thousand[retriesPath(i)] = 1000
	}
	twenty := make([]map[string]int, 19)
	for i := range twenty {
		twenty[i] = map[string]int{limitPath: 1000 + i}
		for j := range 10 {
			twenty[i][retriesPath(10*i+j)] = 1000
		}
	}
	return []scenario{
		{key: "change/map", title: "One key changes in the top layer, under a Go map", what: rebuilt, sizes: allSizes,
			upper: []map[string]int{one}, layer: 1, set: []string{retriesPath(7)}, floor: 1},
		{key: "change/struct", title: "One key changes in the top layer, in a plain nested struct", what: rebuilt, sizes: allSizes,
			upper: []map[string]int{{limitPath: 1000, retriesPath(7): 1000}}, layer: 1, set: []string{limitPath}},
		{key: "change/bottom", title: "One key changes in the bottom layer, under a Go map", what: rebuilt, sizes: twoSizes,
			upper: []map[string]int{one}, layer: 0, set: []string{retriesPath(9)}, floor: 1},
		{key: "change/thousand", title: "A thousand keys change at once in the top layer", what: rebuilt, sizes: twoSizes,
			upper: []map[string]int{thousand}, layer: 1, set: sorted(thousand), floor: 1000},
		{key: "change/delete", title: "A delete in the top layer uncovers the value below", what: rebuilt, sizes: twoSizes,
			upper: []map[string]int{{retriesPath(7): 1000, retriesPath(8): 1000}}, layer: 1, set: []string{retriesPath(7)}, remove: true, floor: 1},
		{key: "change/layers", title: "One key changes in the middle of 20 layers", what: rebuilt, sizes: twoSizes,
			upper: twenty, layer: 10, set: []string{retriesPath(95)}, floor: 1},
		{key: "change/quiet", title: "A change that nobody subscribed to", what: "from the emit until the library's own way of reading gives the new value; one subscriber to another key, who is not called",
			sizes: twoSizes, upper: []map[string]int{one}, layer: 1, set: []string{retriesPath(7)}, subscribed: []string{limitPath}},
		{key: "change/subscribers", title: "1,000 subscribers, one of them concerned", what: told, sizes: twoSizes,
			upper: []map[string]int{one}, layer: 1, set: []string{retriesPath(7)}, subscribed: sorted(thousand)},
	}
}

func (s scenario) work() Work {
	w := Work{
		Key: s.key, Title: s.title, What: s.what, Sizes: s.sizes, Unit: Nanoseconds, Per: 1,
		task: func(c Contender, n int) (*Task, error) { return newChange(s, c, n) },
	}
	if s.floor > 0 {
		w.Floor = "maps.Clone of the Go map, decoding what changed in it, an atomic store"
		w.floor = func(n int) (*Task, error) { return cloneFloor(n, s.floor), nil }
	}
	return w
}

// change is a scenario under way with one contender.
type change struct {
	scenario
	base   *Fleet
	layers []values // as they should be now
	value  int      // the newest that was set
	live   Live
	told   chan told // sent by the library's callbacks, received by do and verify, never closed
}

type told struct {
	path  string
	value int
}

func newChange(s scenario, c Contender, n int) (*Task, error) {
	ch := &change{scenario: s, base: newFleet(n), value: 1000, told: make(chan told, len(s.subscribed)+1)}
	ch.layers = []values{ch.base.values()}
	for _, at := range s.upper {
		ch.layers = append(ch.layers, nested(at))
	}
	setup := Setup{Changes: ch.edit(), Subscribed: s.subscribed, Told: func(path string, value int) { ch.told <- told{path, value} }}
	for _, layer := range ch.layers {
		setup.Layers = append(setup.Layers, clone(layer))
	}
	var err error
	if ch.live, err = c.Open(setup); err != nil {
		return nil, err
	}
	return &Task{Stage: ch.stage, Do: ch.do, Check: ch.check, Verify: ch.verify, Close: ch.live.Close}, nil
}

// edit returns the change at hand.
func (ch *change) edit() Edit {
	if ch.remove {
		return Edit{Layer: ch.layer, Delete: ch.set}
	}
	return ch.setting()
}

func (ch *change) setting() Edit {
	e := Edit{Layer: ch.layer, Set: map[string]int{}}
	for _, path := range ch.set {
		e.Set[path] = ch.value
	}
	return e
}

func (ch *change) stage() error {
	ch.value++
	if ch.remove {
		if err := ch.stageEdit(ch.setting()); err != nil {
			return err
		}
		if err := ch.live.Apply(); err != nil {
			return err
		}
	}
	return ch.stageEdit(ch.edit())
}

func (ch *change) stageEdit(e Edit) error {
	layer := ch.layers[e.Layer]
	for path, value := range e.Set {
		set(layer, path, value)
	}
	for _, path := range e.Delete {
		remove(layer, path)
	}
	return ch.live.Stage(e, func() values { return clone(layer) })
}

// do applies the change and waits for what is asked for.
func (ch *change) do() error {
	if err := ch.live.Apply(); err != nil {
		return err
	}
	path := ch.set[0]
	switch {
	case len(ch.subscribed) == 0:
		return nil
	case !ch.concerns(path):
		for {
			if value, err := ch.live.Int(path); value == ch.value || err != nil {
				return err
			}
			runtime.Gosched()
		}
	}
	if got := <-ch.told; got != (told{path, ch.value}) {
		return wrong("told", got, told{path, ch.value})
	}
	return nil
}

func (ch *change) concerns(path string) bool {
	for _, s := range ch.subscribed {
		if s == path {
			return true
		}
	}
	return false
}

// check is quick: it looks at what changed.
func (ch *change) check() error {
	for _, path := range ch.set {
		want := ch.value
		if ch.remove {
			want = ch.base.at(path)
		}
		got := ch.live.Fleet().at(path)
		if len(ch.subscribed) > 0 { // there may be no struct
			var err error
			if got, err = ch.live.Int(path); err != nil {
				return err
			}
		}
		if got != want {
			return wrong(path, got, want)
		}
	}
	return nil
}

// verify looks at everything.
func (ch *change) verify() error {
	select {
	case got := <-ch.told:
		return fmt.Errorf("a subscriber was told of %s for nothing", got.path)
	default:
	}
	if len(ch.subscribed) > 0 {
		return nil
	}
	want, err := expected(ch.base, ch.layers)
	if err != nil {
		return err
	}
	return same(ch.live.Fleet(), want)
}
