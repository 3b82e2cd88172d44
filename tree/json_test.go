package tree_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/confsync/confsync/tree"
)

func TestProblemInJSON(t *testing.T) {
	p := tree.Problem{
		Path: tree.Path{"server", "a.b"}, Kind: tree.Mistyped, Field: "App.Server", Err: errors.New("no number"),
		Origin:  tree.Origin{Layer: "file app.yaml", Kind: "file", Key: "app.yaml", Line: 3, Column: 5},
		Hides:   []tree.Value{{Path: tree.Path{"server"}, Text: "1", Origin: tree.Origin{Layer: "low", Kind: "low", Revision: "index 4"}}},
		Related: []tree.Value{{Path: tree.Path{"x"}}}, Searched: []string{"env APP_X"},
	}
	text, err := json.Marshal(p)
	want := `{"path":"server.a\\.b","kind":"mistyped","origin":{"layer":"file app.yaml","kind":"file","key":"app.yaml","line":3,"column":5},` +
		`"field":"App.Server","hides":[{"path":"server","text":"1","origin":{"layer":"low","kind":"low","revision":"index 4"}}],` +
		`"related":[{"path":"x"}],"searched":["env APP_X"],"error":"no number"}`
	if err != nil || string(text) != want {
		t.Errorf("got  %s, %v\nwant %s", text, err, want)
	}
	if text, err := json.Marshal(map[tree.ProblemKind]int{tree.TooLarge: 1}); err != nil || string(text) != `{"too large":1}` {
		t.Errorf("kinds are %s, %v", text, err)
	}
}
