package schema

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"reflect"
	"strings"

	"github.com/confsync/confsync/tree"
)

// comments are those of types and fields, by names such as "config.App",
// "config.App.Server" and, in a struct that has no name, "config.App.Server.Port".
type comments map[string]string

// readComments reads every Go file of a file system, which may be nil.
func readComments(files fs.FS) (comments, error) {
	found := comments{}
	if files == nil {
		return found, nil
	}
	set := token.NewFileSet()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "testdata":
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		found.add(file)
		return nil
	})
	return found, err
}

func (c comments) add(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		decl, ok := n.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE {
			return true
		}
		for _, spec := range decl.Specs {
			spec := spec.(*ast.TypeSpec)
			name := file.Name.Name + "." + spec.Name.Name
			c.note(name, spec.Doc, spec.Comment, decl.Doc)
			c.addFields(name, spec.Type)
		}
		return true
	})
}

// addFields adds those of a struct, also one that is the element of a type.
func (c comments) addFields(name string, t ast.Expr) {
	switch t := t.(type) {
	case *ast.StarExpr:
		c.addFields(name, t.X)
	case *ast.ArrayType:
		c.addFields(name, t.Elt)
	case *ast.MapType:
		c.addFields(name, t.Value)
	case *ast.StructType:
		for _, f := range t.Fields.List {
			for _, each := range f.Names {
				c.note(name+"."+each.Name, f.Doc, f.Comment)
				c.addFields(name+"."+each.Name, f.Type)
			}
		}
	}
}

// note keeps the first comment that says something.
func (c comments) note(name string, groups ...*ast.CommentGroup) {
	for _, g := range groups {
		if text := strings.TrimSpace(g.Text()); text != "" {
			c[name] = text
			return
		}
	}
}

// place is where a walk over the type stands: the name of the struct in comments.
type place string

// below returns the place of what a field holds.
func (p place) below(f tree.Field) place {
	return place(p.field(f))
}

// in returns the place of a type's fields: by its own name if it has one.
func (p place) in(t reflect.Type) place {
	if t == nil || t.Name() == "" {
		return p
	}
	name, _, _ := strings.Cut(t.String(), "[") // of a generic type
	return place(name)
}

func (p place) field(f tree.Field) string {
	return string(p.in(f.Owner)) + "." + f.Go.Name
}

// describe tells what a field is for, "" when nothing does.
func (c comments) describe(p place, f tree.Field) string {
	if usage := f.Go.Tag.Get("usage"); usage != "" {
		return usage
	}
	return c[p.field(f)]
}
