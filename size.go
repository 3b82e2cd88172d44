package confsync

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Size is a number of bytes that is written with or without a unit: "512",
// "10MB" (ten million), "10MiB" (ten times 1024 times 1024).
type Size uint64

var _ encoding.TextUnmarshaler = (*Size)(nil)

const sizeUnits = "kmgtpe" // each a thousand, or 1024, of the one before

// String returns the size with the binary unit that suits it.
func (s Size) String() string {
	if s < 1024 {
		return fmt.Sprintf("%d B", uint64(s))
	}
	value, unit := float64(s)/1024, 0
	for ; value >= 1024; unit++ {
		value /= 1024
	}
	digits := 0
	if value = math.Floor(value*10+0.5) / 10; value < 10 {
		digits = 1
	}
	return fmt.Sprintf("%.*f %ciB", digits, value, "KMGTPE"[unit])
}

var errNoSize = errors.New("not a size (want something like 10MiB)")

// UnmarshalText reads a size. Commas in the number and a space before the unit are
// allowed, the unit's "B" may be left out, and letters are of any case.
func (s *Size) UnmarshalText(text []byte) error {
	end := 0
	for end < len(text) && ('0' <= text[end] && text[end] <= '9' || text[end] == '.' || text[end] == ',') {
		end++
	}
	number := strings.ReplaceAll(string(text[:end]), ",", "")
	unit, ok := sizeUnit(strings.ToLower(strings.TrimSpace(string(text[end:]))))
	if !ok {
		return errNoSize
	}
	if n, err := strconv.ParseUint(number, 10, 64); err == nil {
		over, bytes := bits.Mul64(n, unit)
		if over > 0 {
			return errNoSize
		}
		*s = Size(bytes)
		return nil
	}
	f, err := strconv.ParseFloat(number, 64)
	if f *= float64(unit); err != nil || f >= math.MaxUint64 {
		return errNoSize
	}
	*s = Size(f)
	return nil
}

// sizeUnit returns how many bytes a unit is.
func sizeUnit(name string) (bytes uint64, ok bool) {
	if name == "" || name == "b" {
		return 1, true
	}
	power := strings.IndexByte(sizeUnits, name[0]) + 1
	base := uint64(1000)
	switch name[1:] {
	case "ib", "i":
		base = 1024
	case "b", "":
	default:
		return 0, false
	}
	bytes = 1
	for range power {
		bytes *= base
	}
	return bytes, power > 0
}
