package binder_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/confsync/confsync/tree"
)

type described struct {
	Server struct {
		Port     uint16 `default:"80"`
		MaxConns int
		Timeout  time.Duration
	}
	Services map[string]struct{ HostName string }
	List     []struct{ Tags []string }
	Any      any
	Node     *tree.Node
	Password token
	*Base
}

func TestDescribe(t *testing.T) {
	b := newBinder(t, typeOf[described]())
	tests := []struct {
		path     string
		as       string
		known    bool
		field    string
		typ      string
		secret   bool
		fallback string
	}{
		{"", "", true, "described", "binder_test.described", false, "nothing"},
		{"SERVER.PORT", "server.port", true, "described.Server.Port", "uint16", false, `"80"`},
		{"server.maxConns", "server.max_conns", true, "described.Server.MaxConns", "int", false, "nothing"},
		{"services.My_Svc", "services.My_Svc", true, `described.Services["My_Svc"]`, "struct { HostName string }", false, "nothing"},
		{"services.My_Svc.hostName", "services.My_Svc.host_name", true, `described.Services["My_Svc"].HostName`, "string", false, "nothing"},
		{"list.10.TAGS.2", "list.10.tags.2", true, "described.List[10].Tags[2]", "string", false, "nothing"},
		{"any.What_Ever.x", "any.What_Ever.x", true, "described.Any", "interface {}", false, "nothing"},
		{"node.a.b", "node.a.b", true, "described.Node", "*tree.Node", false, "nothing"},
		{"password", "password", true, "described.Password", "binder_test.token", true, "nothing"},
		{"ZONE", "zone", true, "described.Base.Zone", "string", false, "nothing"},
		{"server.prot", "server.prot", false, "", "<nil>", true, "nothing"},
		{"server.port.x.y", "server.port.x.y", false, "", "<nil>", true, "nothing"},
		{"nowhere.Is.It", "nowhere.Is.It", false, "", "<nil>", true, "nothing"},
		{"list.first", "list.first", false, "", "<nil>", true, "nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			info := b.Describe(pathOf(t, tt.path))
			got := fmt.Sprintln(info.Path, info.Known, info.Field, info.Type, info.Secret, info.Default)
			if want := fmt.Sprintln(tt.as, tt.known, tt.field, tt.typ, tt.secret, tt.fallback); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestRaw(t *testing.T) {
	b := newBinder(t, typeOf[described]())
	layer := rootOf(t, kv{"SERVER.maxConns", "1", "Services.My_Svc.HOST-NAME", "h", "List.0.TAGS", "a", "ANY.X_y", "1", "zone", "z"})
	for path, want := range map[string]string{
		"":                          "",
		"server.max_conns":          "SERVER.maxConns",
		"server.port":               "SERVER.port",
		"services.My_Svc.host_name": "Services.My_Svc.HOST-NAME",
		"services.Other.host_name":  "Services.Other.host_name",
		"list.0.tags.1":             "List.0.TAGS.1",
		"any.X_y":                   "ANY.X_y",
		"zone":                      "zone",
		"password":                  "password",
		"unknown.Key":               "unknown.Key",
	} {
		if got := b.Raw(layer, pathOf(t, path)).String(); got != want {
			t.Errorf("%s is %s in the layer, want %s", path, got, want)
		}
		if got := b.Raw(nil, pathOf(t, path)).String(); got != path {
			t.Errorf("%s is %s in no layer", path, got)
		}
	}
}

func TestSuggest(t *testing.T) {
	b := newBinder(t, typeOf[described]())
	for path, want := range map[string]string{
		"server.prot":          "server.port",
		"sever":                "server",
		"server.maxCons":       "server.max_conns",
		"services.a.host":      "",
		"services.a.hostnme":   "services.a.host_name",
		"list.3.tag":           "list.3.tags",
		"passwort":             "password",
		"timeout":              "server.timeout",
		"MAX_CONNS":            "server.max_conns",
		"zon":                  "zone",
		"server.entirely_else": "",
		"nowhere.port":         "",
		"server.port.x":        "",
		"":                     "",
	} {
		got, ok := b.Suggest(pathOf(t, path))
		if ok != (want != "") || got.String() != want {
			t.Errorf("%q: meant %q (%v), want %q", path, got, ok, want)
		}
	}
}

func TestShape(t *testing.T) {
	s := newBinder(t, typeOf[described]()).Shape()
	var keys []string
	for _, f := range s.Fields {
		keys = append(keys, f.Key)
	}
	if want := []string{"server", "services", "list", "any", "node", "password", "zone", "region"}; !slices.Equal(keys, want) {
		t.Errorf("fields are %v, want %v", keys, want)
	}
	for path, list := range map[string]bool{"services": false, "list": true, "list.0.tags": true} {
		if sub := s.Sub(pathOf(t, path)); sub == nil || sub.Elem == nil || sub.List != list {
			t.Errorf("%s: %+v", path, sub)
		}
	}
	for _, path := range []string{"server.port", "services.x.HOSTNAME", "list.0.tags.0", "any", "node", "zone"} {
		if sub := s.Sub(pathOf(t, path)); sub == nil || sub.Elem != nil || sub.Fields != nil {
			t.Errorf("%s takes no single value: %+v", path, sub)
		}
	}
}

// TestShapeTellsOfTheType asserts that the shape has what a schema is made of.
func TestShapeTellsOfTheType(t *testing.T) {
	type base struct {
		Name string `config:"name,required"`
	}
	type app struct {
		base
		Limit *int `config:"max" default:"5" usage:"how many"`
	}
	s := newBinder(t, typeOf[app]()).Shape()
	if s.Type != typeOf[app]() || len(s.Fields) != 2 {
		t.Fatalf("%+v", s)
	}
	name, limit := s.Fields[0], s.Fields[1]
	if !name.Required || name.Default != nil || name.Owner != typeOf[base]() || name.Go.Name != "Name" {
		t.Errorf("%+v", name)
	}
	if limit.Required || limit.Default.Text() != "5" || limit.Owner != typeOf[app]() || limit.Go.Tag.Get("usage") != "how many" || limit.Shape.Type != typeOf[int]() {
		t.Errorf("%+v", limit)
	}
}

// TestAskedWhileBinding asks a binder about its type from several goroutines
// while another one binds. It is for the race detector.
func TestAskedWhileBinding(t *testing.T) {
	p := newPipeline(t)
	layer := rootOf(t, map[string]any{"NAME": "n", "services": map[string]any{"a": map[string]any{"HOST": "h"}}, "unknwon": 1})
	ask := func() string {
		b := p.binder
		meant, _ := b.Suggest(tree.Path{"nested", "depe"})
		info := b.Describe(tree.Path{"Services", "a", "HOST"})
		origin, _ := b.Defaults().Origin(tree.Path{"wait"})
		return fmt.Sprint(meant, info.Path, info.Field, b.Raw(layer, tree.Path{"services", "a", "host"}), len(b.Shape().Fields), origin)
	}
	want := ask()
	var asking sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		asking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got := ask(); got != want {
					t.Errorf("answered %s, want %s", got, want)
					return
				}
			}
		})
	}
	for i := range 300 { // each with another key set, so that plans remember and forget
		in := map[string]any{"Max_Conns": i, "services": map[string]any{}}
		for k := range i % 7 {
			in["services"].(map[string]any)[fmt.Sprint("s", k)] = map[string]any{"HOST": "h", "timeout": fmt.Sprint(i, "s"), fmt.Sprint("x", i): 1}
		}
		made, err := tree.FromGo(in)
		if err != nil {
			t.Fatal(err)
		}
		bound, problems := p.run([]tree.Tree{p.binder.Defaults(), made})
		if len(problems) > 0 || bound.Value.Interface().(*everything).MaxConns != i {
			t.Fatalf("bound %v with %v", bound.Value, problems)
		}
	}
	close(stop)
	asking.Wait()
	if p.bound.Unknown.Len() == 0 {
		t.Error("there were no unknown keys to remember")
	}
}
