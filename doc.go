// Package confsync keeps an application's configuration in step with the
// places it lives.
//
// Sources (files, the environment, flags, HTTP, Consul, etcd, Redis, ZooKeeper,
// NATS) are layers, lowest precedence first. [Open] reads them all, merges them
// and fills a struct of yours; from then on it follows every change:
//
//	cfg, err := confsync.Open(ctx, confsync.Options[App]{
//		Sources: []confsync.Source{
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
// A program that never reloads its configuration calls [Load].
//
// # Layers
//
// Default tags are the lowest layer, then come the sources in the order of
// Options.Sources. Maps merge key by key; anything else replaces what is below
// it, except a map of index keys, which replaces elements of a list, or
// appends. An explicit null hides what is below it. Deleting a key uncovers
// what is below.
//
// [Defaults] makes a layer of a struct's value. With Options.Interpolate a text
// may refer to other values, of any layer. Options.Complete fills in what follows
// from others once all is merged, and Validate has the last word.
//
// # How a struct is filled
//
// The key of a field is the name in its config tag, else in its mapstructure,
// yaml, json, koanf, konf or toml tag, else its Go name in snake case. Keys match
// it ignoring case, "_" and "-"; keys of Go maps are kept as written. In a config
// tag "required", "secret", "inline" (the fields of a struct stand among their
// parent's) and "remain" (a map takes the keys no field does) may follow the
// name; a field named "-" is not bound. A tag default:"8080" is the lowest layer.
//
// Decoding is strict: "80a" is not a number, and 5 is not a duration. Lists may
// be lists, index keys (servers/0/host), "a,b" or `["a","b"]`. Types that read
// text themselves do so ([Size] is one); Options.DecodeHooks take
// mapstructure's hooks for the rest.
//
// Keys that no field takes are warnings, unless Options.Unknown says otherwise;
// Options.Ignore names those that don't concern the program.
//
// # Watching
//
// [Watch] calls back when a value that was picked has changed, [Follow] with the
// present value too, and [Each] for every entry of a map. [Config.OnChange] and
// [Config.Changes] tell of every generation. All come in the order of generations,
// one call at a time, in a goroutine that holds up nobody else.
//
// # Views, sections and derived things
//
// A component takes a [View] of its part, which [Select] makes of a pointer into
// the whole, and everything above works on it. [Section] is the view of a part
// whose type the program doesn't know, such as a plugin's: filled and validated
// together with the whole. [Derive] builds a client or a pool from a View and
// builds it anew when that has changed; with [Veto] the build has a say in
// whether the change is published at all.
//
// # Sources and their combinators
//
// What a source must do is the contract of [source.Source]; package source has
// combinators: Optional, Named, Mount, Static, Poll, Cached, WithPolicy, Gate,
// AtLeast, Sealed. Package sourcetest has a suite that checks a source of your
// own, and a source that tests drive.
//
// # Seeing and operating
//
// [Config.Explain] tells where a value comes from, what it hides, and what stands
// rejected beside it; [Config.All] tells it of every value. [Config.Status] tells
// how everything stands and [Config.OnStatus] when that changes, [Config.Healthy]
// answers a probe. [Config.History] has the last generations, and [Config.Pin]
// serves one of them again. Rejections, unknown keys and sources that are cut off
// are logged, each once.
//
// # Testing a component
//
// [Fixed] is a view of a value that never changes, [Var] one that a test sets:
// its Set returns when the callbacks have. For a whole Config, use
// sourcetest.NewMemory as its source, and [Config.Refresh] to wait for it.
//
// # Promises
//
//  1. Never worse. A candidate is decoded, merged, bound and validated off to
//     the side. Whatever fails leaves the running configuration as it was: the
//     same pointer, and a [Status] that says what was rejected and why. The
//     next good contents heal it.
//  2. Only the layers' present contents count. What is served, once all that was
//     read has been applied and is good, is what a new Config of the same contents
//     would serve, in whatever order they arrived. A required source that can't be
//     read counts with the last contents that could.
//  3. One generation at a time. [Config.Get] is one atomic load of a whole,
//     consistent value, which nothing changes afterwards. Keys that a store
//     commits together appear together, as far as its source states that it reads
//     them so.
//  4. No update is lost, no staleness is silent. After any fault heals, the
//     value equals the store's state within the time its source states, and
//     while a source is cut off its status says so and since when. States that a
//     store has passed through in between may be left out.
//  5. Callbacks are ordered and calm. Each subscriber sees its value change in
//     generation order, one call at a time, never for a change that didn't
//     touch it. A slow one is handed the newest value and slows nobody else; a
//     panic in one is contained and reported.
//  6. Every value knows where it came from: layer, native key, line and column
//     or revision as far as its source has them, and what it hides. Errors and
//     [Config.Explain] say so. A secret's value is in none of them.
//
// # What is not promised
//
// The value is yours to read and not to write: nothing stops a write through the
// pointer, and it would break promises 2 and 3. A Validate that writes to the
// struct's own fields is refused; a write to what they point to is not seen.
//
// Code of yours that an update waits for can hold updates up, though neither
// Get nor calls that are due already. Validate, Complete and a Veto's build are
// given up after Options.ApplyTimeout, which refuses the update; what they
// still do has no effect, and no second call begins while it does. Picking
// functions, decode hooks and methods of the type (Equal, UnmarshalText,
// SetDefaults) are not given up: while one hangs, [Status] says since when,
// Open and Refresh return when their contexts end, Close after Options.CloseTimeout, and
// no update is applied.
//
// Any of this code may panic, which refuses the value or is logged; may end its
// goroutine, with the same effect; and may call Get, Generation, Status,
// Explain, Watch and a cancel function. From within it Close returns at once
// and takes effect, and Refresh, Pin, Section and a Derive with Veto return
// [ErrReentrant], except within callbacks, builds without a veto and releases:
// no update waits for those, so they may call everything.
//
// A secret is what is typed [Secret] or tagged so, and what is made of it by
// Interpolate. The library can't know that other text is one. What the
// program's own code says in an error is shown without any secret that it holds
// word for word, and a panic's text only if no part of one is in it.
package confsync
