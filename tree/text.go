package tree

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// timeLayouts are the forms of a Time: RFC 3339, also with a space in its
// middle, without an offset, or the date alone. A missing offset is UTC.
var timeLayouts = []string{
	time.RFC3339, time.DateOnly, "2006-01-02T15:04:05", time.DateTime, "2006-01-02 15:04:05Z07:00",
}

// ParseTime reads the text of a [Time].
func ParseTime(text string) (time.Time, error) {
	var first error
	for _, layout := range timeLayouts {
		t, err := time.Parse(layout, text)
		if err == nil {
			return t, nil
		}
		if first == nil {
			first = err
		}
	}
	return time.Time{}, first
}

// brief returns a text for a message, or its beginning where nobody would read
// it all.
func brief(text string) string {
	const size = 300
	if len(text) <= size {
		return text
	}
	end := size
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}

// ParseInt reads the text of an [Int] that fits 64 bits.
func ParseInt(text string) (int64, error) { return strconv.ParseInt(text, 0, 64) }
