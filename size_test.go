package confsync_test

import (
	"math"
	"strings"
	"testing"

	"github.com/confsync/confsync"
)

func TestSizeFromText(t *testing.T) {
	for text, want := range map[string]confsync.Size{
		"0": 0, "512": 512, "512b": 512, "512 B": 512, "1,024": 1024, "10MB": 10_000_000, "10mib": 10 << 20, "10 Mi": 10 << 20, "10M": 10_000_000,
		"1.5GiB": 3 << 29, ".5k": 500, "5.kB": 5000, "0.1 B": 0, "1KB": 1000, "1 KIB": 1024, "2ti": 2 << 40, "3P": 3e15, "15EiB": 15 << 60, "18EB": 18e18,
		"9007199254740993": 9007199254740993, "18446744073709551615": math.MaxUint64, "007": 7,
	} {
		var got confsync.Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "B", "MB", "-1", "+1", "1e3", " 1", "1 0", "1..5", "1.2.3", "10 ib", "10 bb", "10 kbb", "10 z", "10 kilobytes", "0x10", "１", "16EiB", "19EB",
		"18446744073709551616", "1" + strings.Repeat("0", 400),
	} {
		got := confsync.Size(7)
		if err := got.UnmarshalText([]byte(text)); err == nil || got != 7 {
			t.Errorf("%q: got %d, %v, want an error and nothing written", text, got, err)
		}
	}
}

func TestSizeAsText(t *testing.T) {
	for size, want := range map[confsync.Size]string{
		0: "0 B", 9: "9 B", 10: "10 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 10 << 10: "10 KiB", 10<<20 - 1: "10 MiB", 82854982: "79 MiB",
		1 << 30: "1.0 GiB", 1 << 40: "1.0 TiB", 1 << 50: "1.0 PiB", 1 << 60: "1.0 EiB", math.MaxUint64: "16 EiB",
	} {
		if got := size.String(); got != want {
			t.Errorf("%d: got %q, want %q", uint64(size), got, want)
		}
	}
}
