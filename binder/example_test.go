package binder_test

import (
	"fmt"
	"reflect"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

// App is what the examples fill.
type App struct {
	Port    uint16        `default:"8080"`
	Timeout time.Duration `config:"timeout,deprecated=wait"`
	Labels  map[string]string
}

func exampleBinder() *binder.Binder {
	b, err := binder.New(reflect.TypeFor[App]())
	if err != nil {
		panic(err)
	}
	return b
}

func exampleRoot(values map[string]any) *tree.Node {
	t, err := tree.FromGo(values)
	if err != nil {
		panic(err)
	}
	return t.Root()
}

func ExampleBinder_Bind() {
	b := exampleBinder()
	bound, _ := b.Bind(binder.Bound{}, exampleRoot(map[string]any{"port": "80", "timeout": "5s", "labels": "team:a,zone:b"}))
	fmt.Printf("%+v\n", *bound.Value.Interface().(*App))

	// What isn't different doesn't make another value.
	again, _ := b.Bind(bound, exampleRoot(map[string]any{"port": 80, "timeout": "5s", "labels": "team:a,zone:b", "prot": 1}))
	fmt.Println(again.Value == bound.Value, again.Unknown)

	_, problems := b.Bind(again, exampleRoot(map[string]any{"port": "80a"}))
	fmt.Println(problems.Problems[0].Error())
	// Output:
	// {Port:80 Timeout:5s Labels:map[team:a zone:b]}
	// true {prot:null}
	// port: cannot use string "80a" as uint16
	//     into   App.Port
}

func ExampleBinder_Canonical() {
	b := exampleBinder()
	c := b.Canonical(binder.Canonical{}, exampleRoot(map[string]any{"PORT": 80, "Wait": "5s", "labels": map[string]any{"Team": "a"}}))
	fmt.Println(c.Root())
	fmt.Println(c.Deprecated)
	// Output:
	// {labels:{Team:"a"} port:80 timeout:"5s"}
	// {timeout:"Wait"}
}

func ExampleBinder_Describe() {
	info := exampleBinder().Describe(tree.Path{"LABELS", "Team"})
	fmt.Println(info.Path, info.Field, info.Type)
	// Output: labels.Team App.Labels["Team"] string
}

func ExampleBinder_UnknownKey() {
	fmt.Println(exampleBinder().UnknownKey(tree.Path{"prot"}))
	// Output: unknown key; did you mean "port"?
}

func ExampleBinder_Lookup() {
	n, at := exampleBinder().Lookup(exampleRoot(map[string]any{"labels": "team:a,zone:b"}), tree.Path{"labels", "zone"})
	fmt.Println(n, "in", at)
	// Output: "b" in labels
}

func ExampleToTree() {
	t, err := binder.ToTree(App{Port: 80, Timeout: 5 * time.Second})
	fmt.Println(t.Root(), err)
	// Output: {port:80 timeout:"5s"} <nil>
}

func ExampleEqual() {
	utc := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	local := utc.In(time.FixedZone("", 3600))
	fmt.Println(binder.Equal(reflect.ValueOf(utc), reflect.ValueOf(local)))
	// Output: true
}
