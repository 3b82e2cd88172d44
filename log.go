package confsync

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"

	"github.com/confsync/confsync/tree"
)

// logger is a logger, or the default one of the moment a record is made: a
// program that sets it after Open loses nothing.
type logger struct{ set *slog.Logger }

func (l logger) get() *slog.Logger {
	if l.set == nil {
		return slog.Default()
	}
	return l.set
}

// reject records the problems that stand, and logs them if they are new. Those of a
// Config that is closed are no news: the update was given up.
func (r *reducer) reject(problems tree.ProblemList) {
	select {
	case <-r.hub.closing:
		return
	default:
	}
	before := r.hub.present().rejected
	if problems.Len() == 0 && before == nil {
		return
	}
	next := *r.hub.present()
	if problems.Len() == 0 {
		next.rejected, next.refused = nil, nil
		r.hub.set(&next)
		r.log.get().Info("confsync: update accepted again", "generation", next.number)
		return
	}
	now := newError(problems, next.generation, r.newest.secrets())
	if before != nil && before.Generation == now.Generation && before.More == now.More && before.problems() == now.problems() {
		return
	}
	next.rejected, next.refused = now, r.newest
	next.rejections = maps.Clone(next.rejections)
	if next.rejections == nil {
		next.rejections = map[ProblemKind]uint64{}
	}
	for _, p := range now.Problems {
		next.rejections[p.Kind]++
	}
	r.hub.set(&next)
	if now.Generation > 0 {
		r.logRejection(now)
	}
}

const loggedProblems = 10 // of a rejection; Status has more of them

// logRejection makes one record of a rejection, however many its problems.
func (r *reducer) logRejection(e *Error) {
	var problems []any
	for i, p := range e.Problems[:min(len(e.Problems), loggedProblems)] {
		problems = append(problems, slog.Group(strconv.Itoa(i+1), "path", p.Path.String(), "kind", p.Kind.String(),
			"from", p.Origin.String(), "error", p.Err.Error()))
	}
	r.log.get().LogAttrs(context.Background(), slog.LevelWarn, "confsync: update rejected",
		slog.Uint64("generation", e.Generation), slog.Int("problems", len(e.Problems)+e.More), slog.Group("problem", problems...))
}

// warn logs what is to be said of a configuration that is served all the same,
// if it is new. What is gone is forgotten.
func (r *reducer) warn(now *present) {
	was := r.hub.present()
	now.unknown = nil
	if r.unknown == WarnUnknown {
		now.unknown = now.unknownKeys(was)
	}
	if was.provenance != nil && now.unknown == was.unknown &&
		slices.EqualFunc(was.provenance.layers, now.provenance.layers, func(a, b layerState) bool { return a.old == b.old }) {
		return
	}
	warnings, warned := now.provenance.warnings(now.unknown), map[string]bool{}
	for _, p := range warnings.Problems {
		key := p.Kind.String() + " " + p.Path.String()
		if warned[key] = true; !r.warned[key] {
			r.log.get().Warn("confsync: "+p.Kind.String()+" key", "path", p.Path.String(), "from", p.Origin.String(), "problem", p.Err.Error())
		}
	}
	if warnings.More > 0 {
		r.log.get().Warn("confsync: more keys like these", "count", warnings.More)
	}
	r.warned = warned
}

// unknownKeys returns the keys that no field of any type takes, the very node of
// before while they are the same.
func (p *present) unknownKeys(was *present) *tree.Node {
	if len(p.parts) == 0 {
		return p.bound.Unknown
	}
	all := p.provenance.types.unknown(p.bound.Unknown, p.parts)
	return tree.Reuse(tree.Of(was.unknown), tree.Of(all)).Root()
}
