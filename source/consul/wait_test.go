package consul

import (
	"testing"
	"time"
)

// Queries wait for less once two on end with an error have ended at one age.
func TestC13OneAge(t *testing.T) {
	const second = time.Second
	for _, tt := range []struct {
		name string
		ages []time.Duration
		want time.Duration
	}{
		{"none", nil, 5 * time.Minute},
		{"one", []time.Duration{10 * second}, 5 * time.Minute},
		{"two at one age", []time.Duration{10 * second, 10*second + 80*time.Millisecond}, 10*second*3/4 + 60*time.Millisecond},
		{"two at other ages", []time.Duration{10 * second, 40 * second}, 5 * time.Minute},
		{"two at one age, not the first", []time.Duration{3 * second, 40 * second, 41 * second}, 41 * second * 3 / 4},
		{"refused at once", []time.Duration{0, 0, time.Millisecond, time.Millisecond}, 5 * time.Minute},
		{"and again, for less", []time.Duration{40 * second, 40 * second, 8 * second, 8 * second}, 6 * second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New(nil, "app", nil).(*store)
			for _, age := range tt.ages {
				s.waiting.broke(age)
			}
			if got := s.wait(); got != tt.want {
				t.Errorf("waits for %v, want %v", got, tt.want)
			}
			if found := s.waiting.note != ""; found != (tt.want != 5*time.Minute) {
				t.Errorf("the note is %q", s.waiting.note)
			}
		})
	}
}
