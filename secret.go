package confsync

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/confsync/confsync/binder"
)

// Secret is a string that only Reveal shows. Printed, logged or marshaled it is
// "<redacted>", the empty one too. No error or explanation shows what fills it;
// nor what fills a field tagged `config:",secret"`, of any type.
type Secret string

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

func (Secret) String() string                 { return binder.Redacted }
func (Secret) GoString() string               { return binder.Redacted }
func (Secret) Format(f fmt.State, _ rune)     { fmt.Fprint(f, binder.Redacted) }
func (Secret) MarshalText() ([]byte, error)   { return []byte(binder.Redacted), nil }
func (Secret) MarshalBinary() ([]byte, error) { return []byte(binder.Redacted), nil } // for gob
func (Secret) MarshalJSON() ([]byte, error)   { return json.Marshal(binder.Redacted) }
func (Secret) LogValue() slog.Value           { return slog.StringValue(binder.Redacted) }
