package confsync_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/confsync/confsync"
)

// A Secret is not shown by anything that prints or marshals it, wherever it stands.
func TestSecretIsNeverPrinted(t *testing.T) {
	const text = "hunter2"
	secret := confsync.Secret(text)
	for name, v := range map[string]any{
		"alone": secret, "pointer": &secret, "field": struct{ X confsync.Secret }{secret},
		"element": []confsync.Secret{secret}, "entry": map[string]confsync.Secret{"a": secret}, "interface": []any{secret},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s", "%d", "%x", "%X", "%10.3v", "%t"} {
				fmt.Fprintf(&out, verb+"\n", v)
			}
			for _, marshal := range []func(any) ([]byte, error){json.Marshal, xml.Marshal, yaml.Marshal} {
				data, _ := marshal(v) // some take no map
				out.Write(data)
			}
			gob.Register(secret)
			if err := gob.NewEncoder(&out).Encode(v); err != nil {
				t.Error(err)
			}
			slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
			slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
			if got := out.String(); strings.Contains(got, text) || strings.Contains(got, fmt.Sprintf("%x", text)) || strings.Count(got, "redacted") < 10 {
				t.Errorf("shown: %s", got)
			}
		})
	}
}
