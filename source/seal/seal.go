// Package seal encrypts what source.Sealed keeps in a file.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"

	"github.com/confsync/confsync/source"
)

// AES returns a sealer that uses AES-256-GCM, of the standard library, with a
// new random nonce each time. The key is 32 random bytes, from wherever the
// program has its secrets; a password is not a key, unless a key derivation
// function makes one of it. It is copied. Any other length is an error.
//
// A key is changed by starting with the new one: the file of the old one can't
// be opened, the store is read, and the file is written anew.
func AES(key []byte) (source.Sealer, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("the key has %d bytes, want 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return sealer{gcm}, nil
}

type sealer struct{ gcm cipher.AEAD }

func (s sealer) Seal(plain []byte) ([]byte, error) { return s.gcm.Seal(nil, nil, plain, nil), nil }

func (s sealer) Open(sealed []byte) ([]byte, error) { return s.gcm.Open(nil, nil, sealed, nil) }
