package tree

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ProblemKind sorts problems by what has to be done about them.
type ProblemKind uint8

// The kinds of problem.
const (
	Unusable   ProblemKind = iota // the content of a source can't be read: a document doesn't parse, a file is gone
	Duplicate                     // a key stands twice in one layer
	Mistyped                      // the value can't be made into the field's type
	Missing                       // a required value is in no layer
	Unknown                       // a key that no field of the type takes
	Conflict                      // a key has both a value and children, and the type holds only one
	Gap                           // a list lacks an element below one that it has
	Refused                       // a validator said no
	TooLarge                      // a limit on keys or bytes was passed
	Unresolved                    // a placeholder in the value can't be filled
	Deprecated                    // a field is set by a key that is to be given up; a warning
)

var problemKinds = [...]string{"unusable", "duplicate", "mistyped", "missing", "unknown", "conflict", "gap", "refused", "too large", "unresolved", "deprecated"}

func (k ProblemKind) String() string {
	if int(k) >= len(problemKinds) {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return problemKinds[k]
}

// MarshalText returns the kind's name.
func (k ProblemKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText takes what String returns.
func (k *ProblemKind) UnmarshalText(text []byte) error {
	i := slices.Index(problemKinds[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown kind of problem %q", text)
	}
	*k = ProblemKind(i)
	return nil
}

// Problem is one thing that is wrong with a configuration, and where. In JSON its
// fields have the names that their tags say, and Err is a text "error".
type Problem struct {
	Path   Path        `json:"path,omitzero"`   // of the value; empty when it is of a whole source, or of the whole configuration
	Kind   ProblemKind `json:"kind"`            //
	Origin Origin      `json:"origin,omitzero"` // of the value; zero when there is none
	Field  string      `json:"field,omitzero"`  // the Go field that the value is for, as "App.Server.Port"; "" when there is none
	Err    error       `json:"-"`               // what is wrong, without the path and the origin

	Hides    []Value  `json:"hides,omitzero"`    // what the value hides in lower layers, highest first
	Related  []Value  `json:"related,omitzero"`  // other values that have a part in it
	Searched []string `json:"searched,omitzero"` // with Missing: every place that was looked in, lowest layer first
}

// MarshalJSON returns the problem as an object; see [Problem].
func (p Problem) MarshalJSON() ([]byte, error) {
	type plain Problem
	with := struct {
		plain
		Error string `json:"error"`
	}{plain: plain(p)}
	if p.Err != nil {
		with.Error = p.Err.Error()
	}
	return json.Marshal(with)
}

// Value is a value as problems and explanations show it.
type Value struct {
	Path   Path   `json:"path,omitzero"`
	Text   string `json:"text,omitzero"` // "<redacted>" for a secret
	Origin Origin `json:"origin,omitzero"`
}

// Unwrap returns Err.
func (p Problem) Unwrap() error { return p.Err }

// Error returns the problem over several lines:
//
//	server.port: cannot use string "80a" as uint16
//	    from   consul "apps/checkout/server/port" (index 8812)
//	    into   App.Server.Port
//	    hides  8080 from file config.yaml:12:9
func (p Problem) Error() string {
	var b strings.Builder
	if len(p.Path) > 0 {
		fmt.Fprintf(&b, "%s: ", brief(p.Path.String()))
	}
	fmt.Fprintf(&b, "%v", p.Err)
	if from := p.from(); from != "" {
		fmt.Fprintf(&b, "\n    from   %s", from)
	}
	if p.Field != "" {
		fmt.Fprintf(&b, "\n    into   %s", p.Field)
	}
	for _, h := range p.Hides {
		fmt.Fprintf(&b, "\n    hides  %s from %s", Printable(h.Text), h.Origin)
	}
	for i, place := range p.Searched {
		label := "looked"
		if i > 0 {
			label = "      "
		}
		fmt.Fprintf(&b, "\n    %s %s", label, place)
	}
	return b.String()
}

func (p Problem) from() string {
	var places []string
	if !p.Origin.IsZero() {
		places = append(places, p.Origin.String())
	}
	for _, r := range p.Related {
		places = append(places, fmt.Sprintf("%s from %s", r.Path, r.Origin))
	}
	return strings.Join(places, "; ")
}

// ProblemList is the first problems that were found, and how many more there
// were: what is wrong with a hundred thousand keys doesn't need a hundred
// thousand texts. The zero ProblemList is empty.
type ProblemList struct {
	Problems []Problem
	More     int // that are not among Problems
}

// MaxProblems is how many problems a [ProblemList] keeps.
const MaxProblems = 100

// Add adds problems. Those that are too many are counted.
func (l *ProblemList) Add(problems ...Problem) {
	kept := min(len(problems), MaxProblems-len(l.Problems))
	l.Problems = append(l.Problems, problems[:kept]...)
	l.More += len(problems) - kept
}

// Join adds the problems of another list.
func (l *ProblemList) Join(other ProblemList) {
	l.Add(other.Problems...)
	l.More += other.More
}

// IsFull reports whether another problem would only be counted.
func (l *ProblemList) IsFull() bool { return len(l.Problems) >= MaxProblems }

// Len returns the number of problems, those that are only counted included.
func (l *ProblemList) Len() int { return len(l.Problems) + l.More }

// Problems returns the problems inside an error, however they are wrapped and
// joined. They are nil when there are none.
func Problems(err error) []Problem {
	switch e := err.(type) {
	case Problem:
		return []Problem{e}
	case *Problem:
		return []Problem{*e}
	case interface{ Unwrap() error }:
		return Problems(e.Unwrap())
	case interface{ Unwrap() []error }:
		var all []Problem
		for _, each := range e.Unwrap() {
			all = append(all, Problems(each)...)
		}
		return all
	}
	return nil
}

// EditProblems returns err with each problem inside it edited. Where it has none it
// is err itself; where it has, they are all that is left of it, joined.
func EditProblems(err error, edit func(*Problem)) error {
	problems := Problems(err)
	if problems == nil {
		return err
	}
	all := make([]error, len(problems))
	for i, p := range problems {
		edit(&p)
		all[i] = p
	}
	return errors.Join(all...)
}
