package compare

import (
	"strings"
	"testing"
	"time"
)

// smallest returns a size at which a work can be done.
func smallest(key string) int {
	switch key {
	case "change/thousand", "change/subscribers":
		return 8_000
	}
	return 1_600
}

// TestWorks has every contender do every work, several times over, and check
// all it has done.
func TestWorks(t *testing.T) {
	for _, w := range Works() {
		for _, name := range w.Names() {
			t.Run(w.Key+"/"+name, func(t *testing.T) {
				task, err := w.Task(name, smallest(w.Key))
				if why, cannot := isCannot(err); cannot {
					t.Skip("cannot:", why)
				}
				if err != nil {
					t.Fatal(err)
				}
				if task.Close != nil {
					defer task.Close()
				}
				if _, err := task.Calibrate(time.Millisecond); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					figure, err := task.Sample(3)
					if err != nil {
						t.Fatal(err)
					}
					if figure <= 0 {
						t.Errorf("measured %v", figure)
					}
				}
				if _, _, err := task.Allocations(1); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}

// TestWrongResultsAreFound: a library that is right but for one value fails.
func TestWrongResultsAreFound(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.key, func(t *testing.T) {
			task, err := newChange(s, offByOne{}, smallest(s.key))
			if err != nil {
				t.Fatal(err)
			}
			defer task.Close()
			if _, err := task.Sample(1); err == nil {
				t.Error("it wasn't found")
			}
		})
	}
	t.Run("load", func(t *testing.T) {
		if _, err := loadTask(offByOne{}, YAML, 100).Sample(1); err == nil {
			t.Error("it wasn't found")
		}
	})
	t.Run("read", func(t *testing.T) {
		if _, err := readTask(func(times int) int { return 7*times - 1 }, 7).Sample(1); err == nil {
			t.Error("it wasn't found")
		}
	})
}

// offByOne is ourselves, with one wrong value in the struct and in what it tells.
type offByOne struct{ confsyncLib }

func (o offByOne) Load(format Format, data []byte) (Loaded, error) {
	l, err := o.confsyncLib.Load(format, data)
	right := l.Fleet
	l.Fleet = func() *Fleet { return spoilt(right()) }
	return l, err
}

func (o offByOne) Open(s Setup) (Live, error) {
	tell := s.Told
	s.Told = func(path string, value int) { tell(path, value+1) }
	l, err := o.confsyncLib.Open(s)
	if len(s.Subscribed) == 1 { // to what isn't to be told: tell it
		defer tell(s.Subscribed[0], 1)
	}
	return offByOneLive{l}, err
}

type offByOneLive struct{ Live }

func (l offByOneLive) Fleet() *Fleet { return spoilt(l.Live.Fleet()) }

func spoilt(right *Fleet) *Fleet {
	f := right.plain()
	s := f.Services[serviceName(11)]
	s.Retries++
	f.Services[serviceName(11)] = s
	return f
}

// TestKratosCannot shows what keeps kratos out of three works: were this to pass
// with another version, it should do them.
func TestKratosCannot(t *testing.T) {
	upper := nested(map[string]int{retriesPath(7): 1000})
	base := newFleet(100)
	open := func(e Edit) *kratosLive {
		l, err := openKratos(Setup{Layers: []values{base.values(), upper}, Changes: e})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Close)
		return l
	}
	t.Run("a low layer that changes last wins", func(t *testing.T) {
		e := Edit{Layer: 0, Set: map[string]int{retriesPath(9): 5}}
		l := open(e)
		contents := base.values()
		set(contents, retriesPath(9), 5)
		if err := l.Stage(e, func() values { return contents }); err != nil {
			t.Fatal(err)
		}
		if err := l.Apply(); err != nil {
			t.Fatal(err)
		}
		if got := l.Fleet().at(retriesPath(7)); got != 3 {
			t.Errorf("it keeps the upper layer's %d now", got)
		}
	})
	t.Run("a key that goes stays", func(t *testing.T) {
		e := Edit{Layer: 1, Delete: []string{retriesPath(7)}}
		l := open(e)
		for range 2 { // once the second is taken, the first has been merged
			if err := l.Stage(e, func() values { return values{} }); err != nil {
				t.Fatal(err)
			}
			l.staged()
		}
		if err := l.rebuild(); err != nil {
			t.Fatal(err)
		}
		if got := l.Fleet().at(retriesPath(7)); got != 1000 {
			t.Errorf("it uncovers the lower layer's %d now", got)
		}
	})
}

func TestDocumentsAreTheSame(t *testing.T) {
	want := newFleet(100)
	for _, format := range []Format{YAML, JSON, TOML} {
		data := spell(want, format)
		if n := strings.Count(string(data), "svc-"); n != 12 {
			t.Errorf("%s: %d services", format, n)
		}
	}
	if got, err := expected(want, []values{want.values()}); err != nil || same(got, want) != nil {
		t.Error(err, same(got, want))
	}
	other := want.plain()
	other.Services[serviceName(0)] = Service{}
	if same(other, want) == nil || same(newFleet(200), want) == nil {
		t.Error("fleets that differ are the same")
	}
	if _, err := expected(want, []values{nested(map[string]int{retriesPath(99): 1})}); err == nil {
		t.Error("a service out of nowhere was taken")
	}
}
