package redis

import "context"

// poll reads everything, or where there is a version key only if that has changed.
func (k *keysLayout) poll(ctx context.Context) error {
	if k.version != "" && k.over == nil {
		now, err := k.readVersion(ctx)
		if err != nil || now == k.at {
			return err
		}
	}
	return k.read(ctx, polled)
}

func (k *keysLayout) readVersion(ctx context.Context) (value, error) {
	got, err := k.servers.get(ctx, []string{k.version}, polled)
	return got.values[k.version], err
}

// readPolled reads everything without being told what changes. All keys that
// there seem to be are read with one command. It was all of them if the version
// stayed the same until then. Without a version all that can be found out is
// whether there are the same keys afterwards: one that came and went is missed,
// so that only what is as before is sure to be of one instant.
func (k *keysLayout) readPolled(ctx context.Context, _ way, _ bool) error {
	var before value
	if k.version != "" {
		var err error
		if before, err = k.readVersion(ctx); err != nil {
			return err
		}
	}
	k.settle = settling{}
	const maxReadings = 10
	for n := 1; ; n++ {
		sizes, err := k.list(ctx)
		if err != nil {
			return err
		}
		got, err := k.get(ctx, k.all(sizes), polled)
		if err != nil || k.isAsBefore(got.values) {
			return err
		}
		now := got.values[k.version]
		exact := k.version != "" && now == before
		complete := exact
		if k.version == "" {
			if sizes, err = k.list(ctx); err != nil {
				return err
			}
			complete = k.areThere(got.values, sizes)
		}
		if complete || n == maxReadings {
			k.whole = true
			k.apply(got.values)
			k.torn = !exact
			return nil
		}
		before = now
	}
}

// isAsBefore reports whether what was read is what is known.
func (k *keysLayout) isAsBefore(read map[string]value) bool {
	for key, v := range read {
		if v != k.now(key) {
			return false
		}
	}
	return true
}

// areThere reports whether the keys that were read to be there are just those
// that were found.
func (k *keysLayout) areThere(read map[string]value, found map[string]int) bool {
	n := 0
	for key, v := range read {
		if v.kind == absent || key == k.version {
			continue
		}
		if _, ok := found[key]; !ok {
			return false
		}
		n++
	}
	return n == len(found)
}
