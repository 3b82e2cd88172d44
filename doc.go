// Package confsync keeps an application's configuration in step with the
// places it lives.
//
// Sources (files, the environment, flags, Consul, etcd, Redis, ZooKeeper) are
// layers, lowest precedence first. [Open] reads them all, merges them and fills
// a struct of yours; from then on it follows every change:
//
//	cfg, err := confsync.Open(ctx, confsync.Options[App]{
//		Sources: []source.Source{
//			file.New("config.yaml", nil),
//			consul.New(client, "apps/checkout", nil),
//			env.New("CHECKOUT", nil),
//		},
//	})
//	...
//	defer cfg.Close()
//
//	cfg.Get().HTTP.Timeout // one atomic load, typed, never torn
//	confsync.Watch(cfg, func(a *App) int { return a.Pool.Size },
//		func(c confsync.Change[int]) { pool.Resize(c.New) })
//
// # Promises
//
//  1. Never worse. A candidate is decoded, merged, bound and validated off to
//     the side. Whatever fails leaves the running configuration as it was: the
//     same pointer, and a [Status] that says what was rejected and why. The
//     next good snapshot heals it.
//  2. Only the layers' present contents count. The result never depends on the
//     order in which changes arrived. Deleting a key in a high layer uncovers
//     the lower one.
//  3. One generation at a time. [Config.Get] is one atomic load of a whole,
//     consistent, immutable value. Keys that a store commits together appear
//     together.
//  4. No update is lost, no staleness is silent. After any fault heals, the
//     value equals the store's state within the time its source states, and
//     while a source is cut off its status says so and since when.
//  5. Callbacks are ordered and calm. Each subscriber sees its value change in
//     generation order, one call at a time, never for a change that didn't
//     touch it. A slow one is handed the newest value and slows nobody else; a
//     panic in one is contained and reported.
//  6. Every value knows where it came from: layer, native key, line and column
//     or revision, and what it hides. Errors and [Config.Explain] say so. A
//     secret's value is in none of them.
//
// # How a struct is filled
//
// The key of a field is the name in the first of its tags config, koanf, konf,
// mapstructure, yaml, toml and json that has one, else its Go name in snake case.
// Keys match it ignoring case, "_" and "-"; keys of Go maps are kept as written. A
// field named "-" is not bound. A tag default:"8080" is the lowest layer. In a
// config tag these may follow the name, and anything else is an error:
//
//	required         it has to be set in some layer
//	secret           its value is shown nowhere
//	inline           the fields of a struct stand among their parent's
//	remain           a map takes the keys that no field does
//	env=NAME         an environment variable fills it, by its whole name; so does the tag env
//	alias=other      another key that it answers to
//	deprecated=old   an old key that it answers to, with a warning that names the new one
//
// A type with a method SetDefaults() is given its defaults by that, at any depth,
// before it is filled.
//
// Decoding is strict: "80a" is no number, 5 no duration. Lists may be lists,
// index keys (servers/0/host), "a,b" or `["a","b"]`; maps may be maps, "a:1,b:2"
// or `{"a":1}`; structs, a JSON object too. Types that read text themselves do so
// ([Size] is one), and types that read JSON and no text are filled by that.
// Options.DecodeHooks take mapstructure's hooks for the rest, and what they make
// is bound like anything else. What tags and methods of other libraries say that
// isn't honoured is logged at Open.
//
// Maps merge key by key; anything else replaces what is below it, but for a map
// of index keys, which replaces elements of a list, or appends. An explicit null
// hides what is below it.
package confsync
