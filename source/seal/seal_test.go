package seal_test

import (
	"bytes"
	"testing"

	"github.com/confsync/confsync/source/seal"
)

func TestAES(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	s, err := seal.AES(key)
	if err != nil {
		t.Fatal(err)
	}
	plain := []byte("hunter2")
	one, _ := s.Seal(plain)
	two, _ := s.Seal(plain)
	if bytes.Equal(one, two) || bytes.Contains(one, plain) {
		t.Errorf("sealed twice as %x and %x", one, two)
	}
	if got, err := s.Open(one); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("opened as %q with %v", got, err)
	}
	for i := range one {
		bad := bytes.Clone(one)
		bad[i] ^= 1
		if _, err := s.Open(bad); err == nil {
			t.Errorf("byte %d was changed unnoticed", i)
		}
	}
	if _, err := s.Open(one[:5]); err == nil {
		t.Error("a short text was opened")
	}
	other, _ := seal.AES(bytes.Repeat([]byte{8}, 32))
	if _, err := other.Open(one); err == nil {
		t.Error("another key opens it")
	}
	for _, n := range []int{0, 16, 31, 33} {
		if s, err := seal.AES(make([]byte, n)); err == nil || s != nil {
			t.Errorf("a key of %d bytes is taken", n)
		}
	}
}
