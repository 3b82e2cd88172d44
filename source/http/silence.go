package http

import (
	"context"
	"errors"
	"io"
	"time"
)

// silence ends a question when nothing has come for a time, however long the
// whole takes.
type silence struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	limit  time.Duration
	timer  *time.Timer
}

// silentFor is the error of a question that was ended.
type silentFor time.Duration

func (d silentFor) Error() string { return "no answer within " + time.Duration(d).String() }

func newSilence(ctx context.Context, limit time.Duration) *silence {
	s := &silence{limit: limit}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.timer = time.AfterFunc(limit, func() { s.cancel(silentFor(limit)) })
	return s
}

// extend allows for more time, once.
func (s *silence) extend(d time.Duration) { s.timer.Reset(s.limit + d) }

func (s *silence) end() {
	s.timer.Stop()
	s.cancel(nil)
}

// fell reports whether nothing has come for too long.
func (s *silence) fell() bool { return errors.As(context.Cause(s.ctx), new(silentFor)) }

// explain returns what has ended a question: the silence, if it was that.
func (s *silence) explain(err error) error {
	if err != nil && s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return err
}

// reader returns what is read from r, which is not silent while something comes.
func (s *silence) reader(r io.Reader) io.Reader {
	s.timer.Reset(s.limit)
	return heard{r, s}
}

type heard struct {
	io.Reader
	silence *silence
}

// Read reads a little at a time: the body of an answer fills all the space that
// it is given before it returns.
func (h heard) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p[:min(len(p), 1<<10)])
	if n > 0 {
		h.silence.timer.Reset(h.silence.limit)
	}
	return n, err
}
