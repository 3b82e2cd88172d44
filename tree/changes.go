package tree

// Changes calls each for every key whose child differs, as a pointer, between
// two maps, in key order. A child that one of them lacks is nil there. Either
// map may be nil. Maps that share their keys are compared without looking at
// the keys.
func Changes(old, next *Node, each func(key string, old, next *Node)) {
	if old == next {
		return
	}
	oldKeys, keys := old.Keys(), next.Keys()
	if old.SameKeys(next) {
		for i, key := range keys {
			if a, b := old.At(i), next.At(i); a != b {
				each(key, a, b)
			}
		}
		return
	}
	i, j := 0, 0
	for i < len(oldKeys) || j < len(keys) {
		switch {
		case j == len(keys) || i < len(oldKeys) && oldKeys[i] < keys[j]:
			each(oldKeys[i], old.At(i), nil)
			i++
		case i == len(oldKeys) || oldKeys[i] > keys[j]:
			each(keys[j], nil, next.At(j))
			j++
		default:
			if a, b := old.At(i), next.At(j); a != b {
				each(keys[j], a, b)
			}
			i, j = i+1, j+1
		}
	}
}
