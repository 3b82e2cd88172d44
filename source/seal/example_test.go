package seal_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/seal"
	"github.com/confsync/confsync/source/sourcetest"
)

func ExampleAES() {
	key := make([]byte, 32) // from where the program has its secrets
	rand.Read(key)
	sealer, err := seal.AES(key)
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, _ := os.MkdirTemp("", "sealed")
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "store.cache")
	store := sourcetest.NewMemory("store", map[string]any{"password": "hunter2"})
	show(source.Sealed(file, sealer, store))

	store.Fail(errors.New("connection refused"))
	show(source.Sealed(file, sealer, store))
	data, _ := os.ReadFile(file)
	fmt.Printf("%.23s\n", data)
	// Output:
	// {password:"hunter2"}
	// {password:"hunter2"}
	// confsync cache 1 sealed
}

// show prints the first snapshot of a source.
func show(src source.Source) {
	ctx, cancel := context.WithCancel(context.Background())
	src.Watch(ctx, func(snap source.Snapshot) {
		if ctx.Err() == nil {
			fmt.Println(snap.Tree.Root())
		}
		cancel()
	})
}
