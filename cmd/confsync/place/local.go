package place

import (
	"errors"
	"path/filepath"

	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/file"
)

func openFile(a *address) (*Place, error) {
	if a.path == "" {
		return nil, errors.New("want file:PATH")
	}
	format := a.format("format")
	if format == 0 {
		format, _ = document.FormatOf(a.path)
	}
	return &Place{
		Source: file.New(a.path, &file.Options{Format: format, Poll: a.duration("poll")}),
		Flat:   format == document.Dotenv,
	}, nil
}

func openDir(a *address) (*Place, error) {
	if a.path == "" {
		return nil, errors.New("want dir:PATH")
	}
	return &Place{Source: file.Dir(a.path, &file.Options{Separator: a.get("separator"), Poll: a.duration("poll")})}, nil
}

func openGlob(a *address) (*Place, error) {
	if _, err := filepath.Match(a.path, ""); a.path == "" || err != nil {
		return nil, errors.New("want glob:PATTERN")
	}
	return &Place{Source: file.Glob(a.path, &file.Options{Format: a.format("format"), Poll: a.duration("poll")})}, nil
}

func openEnv(a *address) (*Place, error) {
	return &Place{Source: env.New(a.path, &env.Options{IgnoreEmpty: a.has("ignore-empty")}), Flat: true}, nil
}
