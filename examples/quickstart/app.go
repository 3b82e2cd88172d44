package main

import (
	"errors"
	"log/slog"
	"time"

	"github.com/confsync/confsync"
)

// App is the configuration of the program.
type App struct {
	Server struct {
		Host    string
		Port    uint16 `config:"port,required"`
		Timeout time.Duration
	}
	Log struct {
		Level slog.Level
	}
	DB struct {
		Pool struct {
			Min int
			Max int `default:"5"`
		}
		Password confsync.Secret
	}
	Features map[string]bool
	Greeting string `default:"hello"`
}

// Validate refuses what no single field can: confsync calls it before it serves
// a value.
func (a *App) Validate() error {
	if a.DB.Pool.Max < a.DB.Pool.Min {
		return confsync.Invalid(errors.New("less than db.pool.min"), "db.pool.max", "db.pool.min")
	}
	return nil
}
