package tree

import "slices"

// places stands beside a List or a Map and has the places of its children, in
// the same order, and of theirs. A nil *places is of a node without children, or
// of one of whose children nothing is known.
type places struct {
	at    []Place   // of each child; nil where nothing is known of any
	below []*places // of each child's children; nil where nothing is known of any
}

// newPlaces makes places with room for those of the children themselves, in one
// piece where they are few.
func newPlaces(size int) *places {
	switch {
	case size <= 2:
		p := new(struct {
			places
			room [2]Place
		})
		return p.with(p.room[:size:size])
	case size <= 4:
		p := new(struct {
			places
			room [4]Place
		})
		return p.with(p.room[:size:size])
	case size <= 6:
		p := new(struct {
			places
			room [6]Place
		})
		return p.with(p.room[:size:size])
	case size <= 8:
		p := new(struct {
			places
			room [8]Place
		})
		return p.with(p.room[:size:size])
	}
	return new(places).with(make([]Place, size))
}

func (p *places) with(at []Place) *places {
	p.at = at
	return p
}

// child returns where child i stands, and the places below it.
func (p *places) child(i int) (at Place, below *places) {
	if p == nil {
		return Place{}, nil
	}
	if i < len(p.at) {
		at = p.at[i]
	}
	if i < len(p.below) {
		below = p.below[i]
	}
	return at, below
}

// set puts child i of so many where it stands. It returns p, or makes it.
func (p *places) set(i, size int, at Place, below *places) *places {
	known := at != Place{}
	switch {
	case p == nil && known:
		p = newPlaces(size)
	case p == nil && below != nil:
		p = new(places)
	case p == nil:
		return nil
	case p.at == nil && known:
		p.at = make([]Place, size)
	}
	if p.at != nil {
		p.at[i] = at
	}
	if p.below == nil && below != nil {
		p.below = make([]*places, size)
	}
	if p.below != nil {
		p.below[i] = below
	}
	return p
}

func (p *places) clone() *places {
	if p == nil {
		return nil
	}
	if p.at == nil {
		return &places{below: slices.Clone(p.below)}
	}
	c := newPlaces(len(p.at))
	copy(c.at, p.at)
	c.below = slices.Clone(p.below)
	return c
}
