package confsync

import (
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/dustin/go-humanize"

	"github.com/confsync/confsync/binder"
)

// Secret is a string that only Reveal shows. Printed, logged or marshaled it is
// "<redacted>", the empty one too. No error or explanation shows what fills it;
// nor what fills a field tagged `config:",secret"`, of any type.
type Secret string

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

func (Secret) String() string               { return binder.Redacted }
func (Secret) GoString() string             { return binder.Redacted }
func (Secret) Format(f fmt.State, _ rune)   { fmt.Fprint(f, binder.Redacted) }
func (Secret) MarshalText() ([]byte, error) { return []byte(binder.Redacted), nil }
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal(binder.Redacted) }
func (Secret) LogValue() slog.Value         { return slog.StringValue(binder.Redacted) }

// Size is a number of bytes that is written with or without a unit: "512",
// "10MB" (ten million), "10MiB" (ten times 1024 times 1024).
type Size uint64

// String returns the size with the binary unit that suits it.
func (s Size) String() string { return humanize.IBytes(uint64(s)) }

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil {
		return fmt.Errorf("not a size (want something like 10MiB)")
	}
	*s = Size(n)
	return nil
}

var _ encoding.TextUnmarshaler = (*Size)(nil)
