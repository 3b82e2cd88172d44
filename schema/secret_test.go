package schema_test

import (
	"strings"
	"testing"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/schema"
)

type withSecrets struct {
	Plain string          `config:"plain,secret" default:"hunter2"`
	Typed confsync.Secret `default:"hunter2"`
	Whole struct {
		Inner string `default:"hunter2"`
	} `config:"whole,secret"`
	Many   []string          `config:"many,secret" default:"hunter2,hunter2"`
	ByName map[string]string `config:"by_name,secret" default:"{\"a\":\"hunter2\"}"`
}

// TestSecretDefaultsAreNotShown asserts that the default of nothing that is
// secret, or stands below what is, is in any form of a schema.
func TestSecretDefaultsAreNotShown(t *testing.T) {
	s, err := schema.For[withSecrets](nil)
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{"JSON": string(s.JSON()), "Sample": string(s.Sample()), "Markdown": s.Markdown(), "Help": s.Help()} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("%s shows a secret's default:\n%s", form, text)
		}
		if !strings.Contains(text, "inner") {
			t.Errorf("%s lacks a key:\n%s", form, text)
		}
	}
	for _, row := range s.Rows() {
		if row.Default != "" || !row.Secret {
			t.Errorf("%+v", row)
		}
	}
}
