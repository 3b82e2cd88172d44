package main

import (
	"fmt"
	"testing"
)

// TestPosition asserts that a share of the instances takes about that share, and
// that who is in a smaller share is in a larger one.
func TestPosition(t *testing.T) {
	const instances = 10_000
	for _, share := range []float64{0.01, 0.1, 0.5} {
		in := 0
		for i := range instances {
			if position(fmt.Sprintf("checkout-%d", i)) < share {
				in++
			}
		}
		if got := float64(in) / instances; got < share*0.7 || got > share*1.3 {
			t.Errorf("%v of the instances are in a share of %v", got, share)
		}
	}
	if position("a") != position("a") {
		t.Error("an instance has two positions")
	}
}
