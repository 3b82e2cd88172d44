package web

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// state is all that the page shows, and the JSON beside it.
type state struct {
	Program string       `json:"program"`
	Host    string       `json:"host"`
	Status  status       `json:"status"`
	Values  []value      `json:"values"`
	History []generation `json:"history"`
}

// status is what changes without a change of any value.
type status struct {
	Now        time.Time         `json:"now"` // the ages that a browser shows are by this clock
	Generation uint64            `json:"generation"`
	Since      time.Time         `json:"since"`
	Note       string            `json:"note,omitempty"` // such as that it is pinned
	Sources    []source.Status   `json:"sources"`        // lowest precedence first
	Applied    confsync.Applied  `json:"applied"`
	Rejections map[string]uint64 `json:"rejections,omitempty"` // problems so far, by kind
	Rejected   *rejection        `json:"rejected,omitempty"`
	Unknown    []problem         `json:"unknown,omitempty"`
}

type rejection struct {
	At       time.Time `json:"at"`
	Problems []problem `json:"problems"`
	More     int       `json:"more,omitzero"` // that are not among Problems
}

type problem struct {
	Path  string  `json:"path,omitempty"`
	Kind  string  `json:"kind"`
	Error string  `json:"error"`
	From  string  `json:"from,omitempty"`
	Field string  `json:"field,omitempty"`
	Hides []layer `json:"hides,omitempty"`
}

// value is one path.
type value struct {
	Path     string   `json:"path"`
	Segments []string `json:"segments"`
	Value    string   `json:"value"` // on one line, and not too long
	Full     string   `json:"full,omitempty"`
	Type     string   `json:"type,omitempty"`
	Field    string   `json:"field,omitempty"`
	Unknown  bool     `json:"unknown,omitempty"`
	Secret   bool     `json:"secret,omitempty"`
	Layers   []layer  `json:"layers"`             // highest precedence first
	Rejected []layer  `json:"rejected,omitempty"` // what layers hold now that is not served
	Searched []string `json:"searched,omitempty"` // where it was looked for and not found
	Text     string   `json:"text,omitempty"`     // with placeholders: what it was made of
	Refs     []string `json:"refs,omitempty"`     // and what they stand for
}

type layer struct {
	Layer    string    `json:"layer"`
	Role     string    `json:"role,omitempty"`
	Value    string    `json:"value"`
	From     string    `json:"from"`
	By       string    `json:"by,omitempty"` // what hides it
	Conflict bool      `json:"conflict,omitempty"`
	Since    time.Time `json:"since,omitzero"` // when it was first served
	Why      string    `json:"why,omitempty"`  // it is rejected
}

// generation is one of those published last.
type generation struct {
	Number  uint64    `json:"number"`
	Since   time.Time `json:"since"`
	Serves  uint64    `json:"serves,omitzero"` // the earlier one that it serves again
	Changes []change  `json:"changes"`
	More    int       `json:"more,omitzero"` // that are not among Changes
}

type change struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
	From string `json:"from,omitempty"`
}

const longest = 64 << 10 // bytes of one value

func (h *handler) state() state {
	s := state{Program: filepath.Base(os.Args[0]), Status: h.status(), Values: []value{}, History: []generation{}}
	s.Host, _ = os.Hostname() // an empty one does no harm
	shown := map[string]bool{}
	for x := range h.config.All() {
		v := valueOf(x)
		shown[v.Path] = true
		s.Values = append(s.Values, v)
	}
	if s.Status.Rejected != nil { // what never was served has no other row
		for _, p := range s.Status.Rejected.Problems {
			if p.Path != "" && !shown[p.Path] {
				shown[p.Path] = true
				s.Values = append(s.Values, p.value())
			}
		}
		slices.SortFunc(s.Values, func(a, b value) int { return slices.Compare(a.Segments, b.Segments) })
	}
	for _, g := range h.config.History() {
		s.History = append(s.History, generationOf(g))
	}
	return s
}

func (h *handler) status() status {
	st := h.config.Status()
	s := status{
		Now: time.Now(), Generation: st.Generation, Since: st.Since, Note: st.Note,
		Sources: append([]source.Status{}, st.Sources...), Unknown: problemsOf(st.Unknown),
	}
	s.Applied = st.Applied
	for kind, n := range st.Rejections {
		if s.Rejections == nil {
			s.Rejections = map[string]uint64{}
		}
		s.Rejections[kind.String()] = n
	}
	if st.Rejected != nil {
		s.Rejected = &rejection{At: st.Rejected.At, Problems: problemsOf(st.Rejected.Problems), More: st.Rejected.More}
	}
	return s
}

func problemsOf(problems []confsync.Problem) []problem {
	var all []problem
	for _, p := range problems {
		all = append(all, problemOf(p))
	}
	return all
}

func problemOf(p confsync.Problem) problem {
	q := problem{Path: p.Path.String(), Kind: p.Kind.String(), Error: p.Err.Error(), Field: p.Field}
	if !p.Origin.IsZero() {
		q.From = p.Origin.String()
	}
	for _, v := range p.Hides {
		q.Hides = append(q.Hides, layerOf(v, v.Origin.Layer))
	}
	return q
}

// value returns the row of a path that only a rejected update has.
func (p problem) value() value {
	path, _ := tree.ParsePath(p.Path) // it was written by a Path
	return value{
		Path: p.Path, Segments: path, Value: "nothing", Field: p.Field, Layers: []layer{},
		Rejected: []layer{{From: p.From, Why: p.Error}},
	}
}

func valueOf(x confsync.Explanation) value {
	v := value{
		Path: x.Path.String(), Segments: x.Path, Value: x.Value, Type: x.Type, Field: x.Field,
		Unknown: !x.Known, Secret: x.Secret, Layers: []layer{}, Searched: x.Searched, Text: x.Text, Refs: x.Refs,
	}
	if text := x.Node.Text(); x.Node.Kind() == tree.String && strings.HasSuffix(x.Value, "...") {
		v.Full = text[:min(len(text), longest)]
	}
	for _, held := range x.Layers {
		l := layerOf(held.Value, held.Layer)
		l.Role, l.By, l.Conflict, l.Since = held.Role.String(), held.By, held.Conflict, held.Since
		v.Layers = append(v.Layers, l)
	}
	for _, held := range x.Rejected {
		l := layerOf(held.Value, held.Layer)
		l.Why = held.Why
		v.Rejected = append(v.Rejected, l)
	}
	return v
}

func layerOf(v tree.Value, name string) layer {
	return layer{Layer: name, Value: v.Text, From: v.Origin.String()}
}

func generationOf(g confsync.Generation) generation {
	out := generation{Number: g.Number, Since: g.Since, Serves: g.Serves, Changes: []change{}, More: g.More}
	for _, c := range g.Changes {
		out.Changes = append(out.Changes, change{Path: c.Path.String(), Old: c.Old, New: c.New, From: c.Origin.String()})
	}
	return out
}

func (h *handler) serveJSON(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodHead {
		return
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.Encode(h.state()) // an error is the client's, who has gone
}

// wantsJSON reports whether a client asks for JSON and not, as browsers do, for
// HTML.
func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}
