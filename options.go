package confsync

import (
	"log/slog"
	"time"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/source"
)

// Source is a place that configuration is read from and watched in: a layer. It
// is [source.Source], so that a program whose sources are made elsewhere need
// not import that package.
type Source = source.Source

// Options say where a configuration comes from and what is done with it. Every
// zero value but that of Sources is a sensible one.
type Options[T any] struct {
	// Sources are the layers, lowest precedence first. The default tags of T are
	// a layer below them all. A name may stand only once; see [source.Named].
	Sources []source.Source

	// Complete fills in what follows from other values: a URL made of a host and a
	// port, defaults that depend on another field. It runs before Validate, on a
	// value of its own that it may write to, made of the sources alone: what an
	// earlier Complete has written is not in it. What it changes has the origin
	// "completed". An error or a panic refuses the update. With Complete every
	// update fills the whole value anew. Zero: nothing is completed.
	Complete func(*T) error

	// Interpolate fills placeholders in texts, before they are bound: ${db.host}
	// is the value at that path, whatever layer it is from, ${env:NAME} a variable
	// of the environment, ${db.host:-local} has a default, and $$ is a dollar sign.
	// What is made of a secret is a secret. See package interpolate. Zero: a text
	// stands as it is.
	Interpolate bool

	// Validate looks at the whole candidate before it is published and may refuse
	// it; old is what is being served, nil at the first load. It runs after T's
	// own method Validate() error, if *T or T has one. Neither may write to the
	// value, which is what Complete is for: one that is seen to write refuses the
	// value. A panic refuses it too. As the reason may lie outside, what was
	// refused is tried again, after five seconds at first and every minute or so
	// in the end, and by [Config.Refresh]. See [Invalid] for errors that name the values
	// at fault. Zero: nothing is refused.
	Validate func(old, next *T) error

	// Logger gets a record of rejections, unknown keys and sources that are cut
	// off, each once, and never a secret. Zero: [slog.Default] of the moment a
	// record is made, because a rejection must not be silent by accident.
	Logger *slog.Logger

	// Unknown says what becomes of keys that no field takes. Zero: [WarnUnknown].
	Unknown UnknownKeys

	// Ignore are patterns, as of [path.Match], of keys that don't concern the
	// program: those that no field takes and that match one are not reported. A
	// pattern is held against the path of the topmost such key ("x-*"), and
	// against the name of the key in its source ("APP_ENV"). Zero: none.
	Ignore []string

	// Quiet debounces: it gathers a burst of updates into one. Zero: each is handled at once.
	Quiet Quiet

	// StartTimeout bounds Open: a required source that is still silent then is
	// an error. Zero: 30 seconds. Negative: none but Open's context.
	StartTimeout time.Duration

	// ApplyTimeout bounds each call of Validate, and of all other code of the
	// program's that has a say in an update. A call that has not returned by then
	// refuses the update, and what it still does has no effect. Decode hooks,
	// methods of the type and picking functions are not bounded: while one hangs
	// no update is applied, and Status says since when. Zero: a minute. Negative:
	// no bound.
	ApplyTimeout time.Duration

	// CloseTimeout bounds how long Close waits for callbacks and sources that
	// have not returned. Zero: 10 seconds. Negative: no bound.
	CloseTimeout time.Duration

	// History is how many generations are remembered, for [Config.History] and
	// [Config.Pin]. What they share is held once. Zero: 10. Negative: only the
	// present one.
	History int

	// DecodeHooks are mapstructure's, tried in order on every scalar before it is
	// decoded. Zero: none.
	DecodeHooks []mapstructure.DecodeHookFunc

	// Policy tunes backoff, resync and staleness of all sources; for one source,
	// [source.WithPolicy] takes precedence. Its zero value is described there.
	Policy source.Policy
}

// UnknownKeys says what becomes of keys that no field of the type takes.
type UnknownKeys uint8

const (
	// WarnUnknown logs each once and shows it in Status and Explain. It is the
	// default because, during a rolling deploy, the old version must go on
	// taking updates from a prefix that already holds the new version's keys.
	WarnUnknown UnknownKeys = iota
	// RejectUnknown makes each a problem.
	RejectUnknown
	// IgnoreUnknown says nothing of them.
	IgnoreUnknown
)

// Quiet waits, after an update, until none has come for Min, but no longer than
// Max, and handles all of them as one. With a Max of zero it waits at most ten
// times Min.
type Quiet struct{ Min, Max time.Duration }

const (
	defaultStartTimeout = 30 * time.Second
	defaultApplyTimeout = time.Minute
	defaultHistory      = 10
	defaultCloseTimeout = 10 * time.Second
	hurriedCloseTimeout = time.Second            // when Open's context has ended
	optionalGrace       = 250 * time.Millisecond // how long Open waits for the first word of an optional source
)
