package source_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// show prints the first state of a source.
func show(src source.Source) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	src.Watch(ctx, func(snap source.Snapshot) {
		fmt.Println(src.Name(), snap.Tree.Root(), snap.Err)
		cancel()
	})
}

func ExampleStatic() {
	show(source.Static("defaults", map[string]any{
		"server": map[string]any{"port": 8080, "timeout": 5 * time.Second},
	}))
	// Output: defaults {server:{port:8080 timeout:"5s"}} <nil>
}

func ExampleMount() {
	team := source.Static("team", map[string]any{"host": "db.internal"})
	show(source.Mount("db.primary", team))
	// Output: team {db:{primary:{host:"db.internal"}}} <nil>
}

func ExampleNamed() {
	show(source.Named("eu-west", source.Static("region", map[string]any{"zone": "b"})))
	// Output: eu-west {zone:"b"} <nil>
}

func ExampleOptional() {
	overrides := source.Optional(source.Static("overrides", nil))
	fmt.Println(source.IsOptional(overrides), source.IsOptional(source.Mount("db", overrides)))
	// Output: true true
}

func ExamplePoll() {
	show(source.Poll("discovery", time.Minute, func(context.Context) (source.Snapshot, error) {
		t, err := tree.FromGo(map[string]any{"leader": "10.0.0.7"})
		return source.Snapshot{Tree: t}, err
	}))
	// Output: discovery {leader:"10.0.0.7"} <nil>
}

func ExampleWithPolicy() {
	feed := source.Static("feed", nil) // it may be cut off for an hour before anybody is told
	show(source.WithPolicy(source.Policy{StaleAfter: time.Hour}, feed))
	// Output: feed {} <nil>
}

func ExampleGate() {
	store := sourcetest.NewMemory("store", map[string]any{"release": "v1", "min": 1, "max": 5})
	s := source.NewSupervisor(source.Gate("release", store), source.Policy{}, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	report := func() {
		_ = s.Refresh(ctx)
		snap, _, _ := s.Latest()
		fmt.Println(strings.TrimSpace(fmt.Sprint(snap.Tree.Root(), " ", s.Status().Note)))
	}
	report()
	store.Delete("release")
	store.Set("min", 10)
	report()
	store.Set("max", 50)
	store.Set("release", "v2")
	report()
	cancel()
	<-done
	// Output:
	// {max:5 min:1}
	// {max:5 min:1} held at release "v1": there is no value at the gate release
	// {max:50 min:10}
}

func ExampleAtLeast() {
	store := sourcetest.NewMemory("store", map[string]any{"a": 1, "b": 2, "c": 3})
	s := source.NewSupervisor(source.AtLeast(0.5, store), source.Policy{}, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	_ = s.Refresh(ctx)
	store.Replace(map[string]any{"a": 1})
	_ = s.Refresh(ctx)
	snap, _, _ := s.Latest()
	fmt.Println(snap.Tree.Root())
	fmt.Println(s.Status().Err)
	cancel()
	<-done
	// Output:
	// {a:1 b:2 c:3}
	// refused: it has shrunk from 3 values to 1, and at least 50% have to be left
}

func ExampleSingle() {
	var single source.Single
	watch := func() error {
		if err := single.Enter(); err != nil {
			return err
		}
		defer single.Leave()
		return single.Enter() // as another Watch would, at the same time
	}
	fmt.Println(watch())
	// Output: the source is being watched already: give each Config a source of its own
}

func ExampleStatus() {
	store := sourcetest.NewMemory("store", map[string]any{"size": 1})
	s := source.NewSupervisor(store, source.Policy{}, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	_ = s.Refresh(ctx)
	st := s.Status()
	cancel()
	<-done
	st.Since, st.Contact, st.LastChange = time.Time{}, time.Time{}, time.Time{}
	st.Watches, st.Resyncs, st.Emits = 1, 0, 1
	data, _ := json.Marshal(st)
	fmt.Println(string(data))
	// Output: {"name":"store","state":"live","revision":"1","retries":0,"watches":1,"failures":0,"resyncs":0,"emits":1,"bytes":0,"keys":1}
}

func ExampleSupervisor() {
	store := sourcetest.NewMemory("store", map[string]any{"size": 1})
	changed := make(chan struct{}, 1)
	s := source.NewSupervisor(store, source.Policy{StaleAfter: time.Minute}, func() {
		select {
		case changed <- struct{}{}:
		default: // one that is not read yet stands for this one too
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()

	<-changed
	snap, _, _ := s.Latest()
	fmt.Println(s.Status().State, snap.Tree.Root())

	store.Fail(errors.New("connection refused"))
	<-changed
	snap, _, _ = s.Latest()
	fmt.Println(s.Status().State, snap.Tree.Root(), s.Status().Err)

	cancel()
	fmt.Println(<-done, s.Status().State)
	// Output:
	// live {size:1}
	// retrying {size:1} connection refused
	// context canceled closed
}

// A store of flat keys makes its trees with a Table.
func ExampleTable() {
	table := source.Table{
		Keys:   source.Keys{Root: "app"},
		Origin: func(key string, _ int64) tree.Origin { return tree.Origin{Kind: "shelf", Key: key} },
	}
	table.Replace([]source.Row{{Key: "app/port", Value: "80"}, {Key: "app/hosts/"}})
	table.Put(source.Row{Key: "app/hosts/a", Value: "10.0.0.1"})
	got, err := table.Tree()
	fmt.Println(got.Root(), err)

	table.Put(source.Row{Key: "app//x", Value: "1"})
	_, err = table.Tree()
	fmt.Println(err)
	// Output:
	// {hosts:{a:"10.0.0.1"} port:"80"} <nil>
	// key has an empty segment
	//     from   shelf "app//x"
}

// A source reads no further than its bounds.
func ExampleBounds() {
	bounds := source.Bounds{MaxKeys: 2}
	for keys := 1; ; keys++ {
		if err := bounds.Check(keys, 0, tree.Origin{Kind: "shelf", Key: "app"}); err != nil {
			fmt.Println(err)
			break
		}
	}
	// Output:
	// more than the 2 keys of MaxKeys
	//     from   shelf "app"
}

// A source leaves out what only tells of changes soon where nobody waits for them.
func ExampleIsBrief() {
	ctx := context.Background()
	fmt.Println(source.IsBrief(ctx), source.IsBrief(source.Briefly(ctx)))
	// Output: false true
}
