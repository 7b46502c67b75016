package messages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sources is the Go code of both programs.
type sources struct {
	packages []*pkg
	byName   map[string]*pkg // without main, of which there are two
}

// pkg is one package.
type pkg struct {
	name, dir string
	files     []*ast.File
	values    map[string][]ast.Expr // of constants and variables, for each platform
	functions map[string][]*ast.FuncDecl
}

// roots are the folders of the code that runs at a user's.
var roots = []string{"cmd", "launcher", "resolve", "cluster", "internal", "handler"}

// programs are the folders of both programs.
var programs = []string{"cmd/launcher", "cmd/launcherctl"}

// module is the path of this module, with a slash.
const module = "github.com/seed45446ece/launcher/"

// readSources parses the packages below the repository's root.
func readSources(t *testing.T, root string) *sources {
	t.Helper()
	s := &sources{byName: map[string]*pkg{}}
	for _, top := range roots {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return fs.SkipDir
			case !d.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
				dir, err := filepath.Rel(root, filepath.Dir(path))
				require.NoError(t, err)
				s.add(t, filepath.ToSlash(dir), path)
			}
			return nil
		}))
	}
	linked := s.linked()
	s.packages = slices.DeleteFunc(s.packages, func(p *pkg) bool { return !linked[p.dir] })
	for _, p := range s.packages {
		if p.name != "main" {
			s.byName[p.name] = p
		}
	}
	require.Greater(t, len(s.packages), 30)
	return s
}

// linked returns the folders of the packages that the programs import, and so do
// these.
func (s *sources) linked() map[string]bool {
	found := map[string]bool{}
	for next := slices.Clone(programs); len(next) > 0; next = next[1:] {
		at := slices.IndexFunc(s.packages, func(p *pkg) bool { return p.dir == next[0] })
		if at < 0 || found[next[0]] {
			continue
		}
		found[next[0]] = true
		for _, file := range s.packages[at].files {
			for _, i := range file.Imports {
				if dir, ok := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), module); ok {
					next = append(next, dir)
				}
			}
		}
	}
	return found
}

func (s *sources) add(t *testing.T, dir, path string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	at := slices.IndexFunc(s.packages, func(p *pkg) bool { return p.dir == dir })
	if at < 0 {
		at = len(s.packages)
		p := &pkg{name: file.Name.Name, dir: dir, values: map[string][]ast.Expr{}, functions: map[string][]*ast.FuncDecl{}}
		s.packages = append(s.packages, p)
	}
	p := s.packages[at]
	p.files = append(p.files, file)
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			p.functions[d.Name.Name] = append(p.functions[d.Name.Name], d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
					for i, name := range v.Names {
						p.values[name.Name] = append(p.values[name.Name], v.Values[i])
					}
				}
			}
		}
	}
}

// assignments returns what a function assigns to its variables.
func assignments(f *ast.FuncDecl) map[string][]assignment {
	found := map[string][]assignment{}
	note := func(name string, value ast.Expr, appended bool) {
		found[name] = append(found[name], assignment{value, appended})
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if name, ok := left.(*ast.Ident); ok && len(n.Lhs) == len(n.Rhs) {
					note(name.Name, n.Rhs[i], n.Tok == token.ADD_ASSIGN)
				}
			}
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if len(n.Values) == len(n.Names) {
					note(name.Name, n.Values[i], false)
				}
			}
		}
		return true
	})
	return found
}
