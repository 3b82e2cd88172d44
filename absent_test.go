package confsync_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/file"
)

// TestOptionalFileThatGoesAway has an override file come, go and be replaced in
// every way, over a file that stays.
func TestOptionalFileThatGoesAway(t *testing.T) {
	dir := t.TempDir()
	low, high := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "override.yaml")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(low, "server: {port: 80}\n")
	write(high, "server: {port: 8080}\n")
	c := openApp(t, sources(file.New(low, nil), source.Optional(file.New(high, nil))))
	serves := func(port int, note string) {
		t.Helper()
		eventually(t, fmt.Sprintf("port %d with note %q", port, note), func() bool {
			st := c.Status()
			return int(c.Get().Server.Port) == port && st.Sources[1].Note == note && st.Sources[1].Err == nil && st.Rejected == nil
		})
	}
	const absent = "absent: it counts as no keys"
	serves(8080, "")
	for i := range 3 {
		if err := os.Remove(high); err != nil {
			t.Fatal(err)
		}
		serves(80, absent)
		write(high, fmt.Sprintf("server: {port: %d}\n", 9000+i))
		serves(9000+i, "")
	}

	write(high, "server: {port: [}\n") // content that is there and can't be used is no absence
	eventually(t, "a rejection", func() bool { return c.Status().Rejected != nil || c.Status().Sources[1].Err != nil })
	if port := c.Get().Server.Port; port != 9002 {
		t.Errorf("port is %d while the override is broken, want the last good 9002", port)
	}
	if err := os.Remove(high); err != nil {
		t.Fatal(err)
	}
	serves(80, absent)

	if err := os.Remove(low); err != nil { // it is required
		t.Fatal(err)
	}
	eventually(t, "an error of the required file", func() bool { return c.Status().Sources[0].Err != nil })
	if port := c.Get().Server.Port; port != 80 {
		t.Errorf("port is %d without the required file, want the last good 80", port)
	}
}

// TestOptionalFileThatIsReplaced removes an override and writes it anew at once,
// as some editors do: nobody sees the layer below it in between.
func TestOptionalFileThatIsReplaced(t *testing.T) {
	dir := t.TempDir()
	high := filepath.Join(dir, "override.yaml")
	text := func(i int) []byte { return fmt.Appendf(nil, "server: {port: %d}\n", 8000+i) }
	if err := os.WriteFile(high, text(0), 0o600); err != nil {
		t.Fatal(err)
	}
	low := source.Static("low", map[string]any{"server": map[string]any{"port": 80}})
	settled := &file.Options{Settle: 2 * time.Second} // longer than this process may be held up
	c := openApp(t, sources(low, source.Optional(file.New(high, settled))))
	seen := make(chan uint16, 1000)
	defer c.OnChange(func(ch confsync.Change[*app]) { seen <- ch.New.Server.Port })()
	for i := 1; i <= 50; i++ {
		if err := os.Remove(high); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(high, text(i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the last text", func() bool { return c.Get().Server.Port == 8050 })
	for len(seen) > 0 {
		if port := <-seen; port == 80 {
			t.Error("the override was gone for a moment")
		}
	}
}
