package source_test

import (
	"testing"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

func TestKeysPath(t *testing.T) {
	app := source.Keys{Root: "app"}
	tests := []struct {
		name   string
		keys   source.Keys
		key    string
		want   tree.Path
		folder bool
		fails  bool
	}{
		{"one segment", app, "app/a", tree.Path{"a"}, false, false},
		{"three segments", app, "app/a/b/c", tree.Path{"a", "b", "c"}, false, false},
		{"case and dots are kept", app, "app/Max.Conns", tree.Path{"Max.Conns"}, false, false},
		{"folder", app, "app/a/b/", tree.Path{"a", "b"}, true, false},
		{"the root's folder", app, "app/", nil, true, false},
		{"the root itself", app, "app", nil, false, false},
		{"a neighbour with the same beginning", app, "application/a", nil, false, true},
		{"a neighbour's root", app, "application", nil, false, true},
		{"another root", app, "other/a", nil, false, true},
		{"empty segment first", app, "app//a", nil, false, true},
		{"empty segment in the middle", app, "app/a//b", nil, false, true},
		{"empty segment before a folder's end", app, "app/a//", nil, false, true},
		{"only separators", app, "app//", nil, false, true},
		{"dot", app, "app/./a", nil, false, true},
		{"dot dot", app, "app/a/..", nil, false, true},
		{"dot folder", app, "app/./", nil, false, true},
		{"three dots are a name", app, "app/...", tree.Path{"..."}, false, false},
		{"root with a separator at its end", source.Keys{Root: "app/"}, "app/a", tree.Path{"a"}, false, false},
		{"root with a separator at its end, a neighbour", source.Keys{Root: "app/"}, "application", nil, false, true},
		{"root with a separator at its front", source.Keys{Root: "/app"}, "/app/a", tree.Path{"a"}, false, false},
		{"root of several segments", source.Keys{Root: "x/app"}, "x/app/a", tree.Path{"a"}, false, false},
		{"root is a separator", source.Keys{Root: "/"}, "/a/b", tree.Path{"a", "b"}, false, false},
		{"root is a separator, itself", source.Keys{Root: "/"}, "/", nil, true, false},
		{"whole store", source.Keys{}, "a/b", tree.Path{"a", "b"}, false, false},
		{"whole store, no key", source.Keys{}, "", nil, false, false},
		{"whole store, separator first", source.Keys{}, "/a", nil, false, true},
		{"another separator", source.Keys{Root: "app", Separator: ":"}, "app:a/b:c", tree.Path{"a/b", "c"}, false, false},
		{"another separator, a neighbour", source.Keys{Root: "app", Separator: ":"}, "app/a", nil, false, true},
		{"a longer separator", source.Keys{Root: "app", Separator: "::"}, "app::a:b::", tree.Path{"a:b"}, true, false},
		{"a dot as the separator", source.Keys{Root: "app", Separator: "."}, "app.a..b", nil, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, folder, err := tt.keys.Path(tt.key)
			if (err != nil) != tt.fails || !got.Equal(tt.want) || folder != tt.folder {
				t.Fatalf("Path(%q) = %q, %v, %v; want %q, %v, an error: %v", tt.key, got, folder, err, tt.want, tt.folder, tt.fails)
			}
		})
	}
}

func TestKeysKey(t *testing.T) {
	tests := []struct {
		name string
		keys source.Keys
		path tree.Path
		want string
	}{
		{"below a root", source.Keys{Root: "app"}, tree.Path{"a", "b"}, "app/a/b"},
		{"the root", source.Keys{Root: "app"}, nil, "app"},
		{"the root, written with a separator", source.Keys{Root: "app/"}, nil, "app"},
		{"below a root with a separator", source.Keys{Root: "app/"}, tree.Path{"a"}, "app/a"},
		{"root is a separator", source.Keys{Root: "/"}, nil, "/"},
		{"below a root that is a separator", source.Keys{Root: "/"}, tree.Path{"a"}, "/a"},
		{"whole store", source.Keys{}, nil, ""},
		{"in the whole store", source.Keys{}, tree.Path{"a", "b"}, "a/b"},
		{"another separator", source.Keys{Root: "app", Separator: ":"}, tree.Path{"a", "b"}, "app:a:b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.keys.Key(tt.path)
			if got != tt.want {
				t.Fatalf("Key(%q) = %q, want %q", tt.path, got, tt.want)
			}
			if back, _, err := tt.keys.Path(got); err != nil && len(tt.path) > 0 || err == nil && !back.Equal(tt.path) {
				t.Errorf("Path(%q) = %q, %v; want %q back", got, back, err, tt.path)
			}
		})
	}
}
