package source

// Sealer encrypts what [Sealed] writes. Package seal has one for a key; others,
// such as one for the keys of age or of a key service, are two functions. It is
// called from one goroutine at a time for each source.
type Sealer interface {
	// Seal returns plain so that it is unreadable and that nobody can change it
	// unnoticed.
	Seal(plain []byte) ([]byte, error)

	// Open returns what Seal was given, and an error for anything that Seal has
	// not made with the same key.
	Open(sealed []byte) ([]byte, error)
}

// Sealed returns src cached as by [Cached], secrets included: all that the source
// holds is kept, and the file is sealed. Any source may be sealed, also one that no
// type is known of. A path that is "" and a nil seal are a panic. A file that can't be opened, or that is not sealed, is never
// used; one that Cached has written is replaced by the first good snapshot.
func Sealed(file string, seal Sealer, src Source) Source {
	if file == "" || seal == nil {
		panic("source.Sealed: needs the path of a file and a sealer")
	}
	return newCached(src, cacheFile{path: file, seal: seal})
}

// sealed returns what a Sealer's function makes of something. A panic in it is an
// error.
func sealed(of func([]byte) ([]byte, error), data []byte) (out []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = Panicked("the sealer", v)
		}
	}()
	out, err = of(data)
	return out, sound(err)
}
