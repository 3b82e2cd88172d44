package confsync_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// TestCachedStartWithoutTheStore opens a configuration twice, the second time
// with its store down: the status says so, and no secret was on the disk.
func TestCachedStartWithoutTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const secret = "hunter2"
		file := filepath.Join(t.TempDir(), "store.cache")
		low := source.Static("low", map[string]any{"db": map[string]any{"password": "from below"}})
		store := sourcetest.NewMemory("store", map[string]any{
			"server": map[string]any{"port": 9090, "PASSWORT": secret}, "services": map[string]any{"a.b": map[string]any{"HOST": "h"}},
			"db": map[string]any{"password": secret},
		})
		c := openApp(t, sources(low, source.Cached(file, store)))
		if c.Get().DB.Password.Reveal() != secret || c.Status().Sources[1].State != source.Live {
			t.Fatalf("at first: %+v", c.Status())
		}
		c.Close()
		data, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(data, []byte("9090")) || bytes.Contains(data, []byte(secret)) {
			t.Errorf("the file has %q, %v", data, err)
		}

		store.Fail(errors.New("connection refused"))
		begin := time.Now()
		c = openApp(t, sources(low, source.Cached(file, store)))
		if took := time.Since(begin); took < 10*time.Second || took > 20*time.Second {
			t.Errorf("the start took %s, though the cache lacks a secret", took)
		}
		synctest.Wait()
		got := c.Get()
		if got.Server.Port != 9090 || got.Services["a.b"].Host != "h" || got.DB.Password.Reveal() != "" {
			t.Errorf("from the cache: port %d, services %v, password %q", got.Server.Port, got.Services, got.DB.Password.Reveal())
		}
		st := c.Status().Sources[1]
		if st.State != source.Retrying || st.Err == nil || !strings.HasPrefix(st.Note, "from the cache of ") ||
			!strings.HasSuffix(st.Note, ", without 1 secret values") || st.Revision != "1" {
			t.Errorf("status is %+v", st)
		}
		if x, err := c.Explain("server.port"); err != nil || !strings.Contains(x.String(), `from   memory "server.port" (revision 1)`) {
			t.Errorf("explained as %v, %v", x, err)
		}
		store.Heal()
		time.Sleep(time.Minute)
		synctest.Wait()
		if st := c.Status().Sources[1]; st.State != source.Live || st.Note != "" || c.Get().DB.Password.Reveal() != secret {
			t.Errorf("after healing: %+v", st)
		}
	})
}

func TestCachedStartThatLacksARequiredSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type vault struct {
			Token confsync.Secret `config:",required"`
			Port  int
		}
		file := filepath.Join(t.TempDir(), "store.cache")
		low := source.Static("low", map[string]any{"token": "from below"})
		store := sourcetest.NewMemory("store", map[string]any{"token": "t", "port": 1})
		opts := confsync.Options[vault]{Sources: []source.Source{low, source.Cached(file, store)}}
		c, err := confsync.Open(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		store.Fail(errors.New("connection refused"))
		opts.Sources[1] = source.Cached(file, store)
		if _, err = confsync.Open(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "token: required, and set nowhere") {
			t.Errorf("it opened without the token: %v", err)
		}
	})
}
