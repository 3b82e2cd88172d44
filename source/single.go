package source

import (
	"errors"
	"sync/atomic"
)

// ErrWatched is the error of a Watch of a source that another Watch runs on.
var ErrWatched = errors.New("the source is being watched already: give each Config a source of its own")

// Single lets one Watch of a source run at a time, as the contract asks. The
// zero Single is ready to use; it must not be copied.
//
//	func (s *store) Watch(ctx context.Context, emit func(source.Snapshot)) error {
//		if err := s.single.Enter(); err != nil {
//			return err
//		}
//		defer s.single.Leave()
//		...
//
// What the WithShape of a [Shaped] source returns shares it, by a pointer.
type Single struct{ watched atomic.Bool }

// Enter begins a Watch. It returns [ErrWatched] while another one runs.
func (s *Single) Enter() error {
	if s.watched.Swap(true) {
		return ErrWatched
	}
	return nil
}

// Leave ends the Watch that Enter has begun.
func (s *Single) Leave() { s.watched.Store(false) }
