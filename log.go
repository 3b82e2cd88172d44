package confsync

import "log/slog"

// logger is a logger, or the default one of the moment a record is made: a
// program that sets it after Open loses nothing.
type logger struct{ set *slog.Logger }

func (l logger) get() *slog.Logger {
	if l.set == nil {
		return slog.Default()
	}
	return l.set
}
