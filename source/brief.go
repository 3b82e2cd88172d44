package source

import "context"

type briefKey struct{}

// Briefly returns ctx with the word that whoever calls Watch with it, or Run, wants
// one state to begin with and then ends it; see [IsBrief].
func Briefly(ctx context.Context) context.Context { return context.WithValue(ctx, briefKey{}, true) }

// IsBrief reports whether ctx comes from [Briefly]. Under such a ctx a source may
// leave out what is dear to set up or to end and only tells of changes soon. It
// still sees them in a while, since the first state may not be one that can be
// used: a [Gate] waits for another.
func IsBrief(ctx context.Context) bool { return ctx.Value(briefKey{}) != nil }
