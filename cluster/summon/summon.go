// Package summon makes tasks of summon's files, secrets.yml.
//
// It owns what a file's tags, sections and $variables mean in summon 0.11. It
// refuses what a task cannot say, by its line, and leaves nothing out. Data flows
// text, Options -> secret -> taskfile.Source -> text.
package summon

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/seed45446ece/launcher/internal/suggest"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Options holds what summon's command line says beside the file.
type Options struct {
	Provider    string            // a path, or a name in Folder
	Environment string            // the section to read, "" for a file without sections
	Variables   map[string]string // what replaces $NAME
}

// Folder is where summon looks for a provider that is not a path.
const Folder = "/usr/local/lib/summon/"

// Convert returns the task that has the secrets of a secrets.yml. The error lists
// everything wrong with the file.
func Convert(origin string, text []byte, o Options) ([]byte, error) {
	text, err := document.Text(origin, text)
	if err != nil {
		return nil, err
	}
	documents, problem := document.LoadYAML(origin, text)
	if problem != nil {
		return nil, problem
	}
	r := reader{origin: origin, options: o, seen: map[string]bool{}}
	switch {
	case len(documents) > 1:
		r.Add(r.at(documents[1]), "", "holds more than one YAML document, and summon reads one")
	case len(documents) == 0:
		r.Add(document.Position{Origin: origin}, "", "contains no secrets")
	default:
		r.file(documents[0].Content[0])
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return write(origin, o.Provider, r.secrets)
}

// secret is one entry of the file.
type secret struct {
	key      string
	text     string // the path that the provider is asked for, or the value
	variable bool   // !var: text is a path
	file     bool   // !file: the variable holds the path of a file
	fallback string // !default: the value if the text, or what the provider prints, is empty
	line     int    // of the key
}

// reader collects the secrets of a file, and what is wrong with it.
type reader struct {
	origin  string
	options Options
	seen    map[string]bool // keys
	secrets []secret
	document.Problems
}

func (r *reader) at(n *yaml.Node) document.Position {
	return document.Position{Origin: r.origin, Line: n.Line, Column: n.Column}
}

// file reads the whole file.
func (r *reader) file(root *yaml.Node) {
	if root.Kind != yaml.MappingNode {
		r.Add(r.at(root), "", "must be a map of variables")
		return
	}
	fields := slices.Clone(root.Content)
	for i := 0; i < len(fields); i += 2 {
		if fields[i].Value == "summon.files" {
			r.Add(r.at(fields[i]), "remove the field to convert the rest; launcher render writes a file from a template", "summon.files has no counterpart in a task")
			fields = slices.Delete(fields, i, i+2)
			break
		}
	}
	if r.options.Environment == "" {
		r.section(fields, nil)
	} else {
		r.sections(fields)
	}
	if r.Err() == nil && len(r.secrets) == 0 {
		r.Add(document.Position{Origin: r.origin}, "", "contains no secrets")
	}
}

// sections reads the section of the environment, then common, or else default.
func (r *reader) sections(fields []*yaml.Node) {
	sections, names := map[string]*yaml.Node{}, []string{}
	for i := 0; i < len(fields); i += 2 {
		name, value := fields[i], fields[i+1]
		switch {
		case value.Kind != yaml.MappingNode:
			r.Add(r.at(name), "use --environment only for a file in which every field is a section", "%s is not a section", keyname.Show(name.Value))
			return
		case sections[name.Value] != nil:
			r.Add(r.at(name), "", "duplicate section %s", keyname.Show(name.Value))
		default:
			sections[name.Value] = value
			names = append(names, name.Value)
		}
	}
	own := sections[r.options.Environment]
	if own == nil {
		r.Add(document.Position{Origin: r.origin}, suggest.Hint("name a section of the file", r.options.Environment, "", names...), "has no section %s", keyname.Quote(r.options.Environment))
		return
	}
	r.seen["SUMMON_ENV"] = true
	r.secrets = append(r.secrets, secret{key: "SUMMON_ENV", text: r.options.Environment})
	r.section(own.Content, nil)
	for _, name := range []string{"common", "default"} {
		if common := sections[name]; common != nil {
			if common != own {
				r.section(common.Content, maps.Clone(r.seen))
			}
			return
		}
	}
}

// section reads the entries of a map, except keys that another section overrides.
func (r *reader) section(fields []*yaml.Node, overridden map[string]bool) {
	for i := 0; i < len(fields); i += 2 {
		name, value := fields[i], fields[i+1]
		if overridden[name.Value] {
			continue
		}
		if s, ok := r.entry(name, value); ok {
			r.secrets = append(r.secrets, s)
		}
	}
}

// entry reads KEY: !tag text.
func (r *reader) entry(name, value *yaml.Node) (secret, bool) {
	s := secret{key: name.Value, text: value.Value, line: name.Line}
	shown := keyname.Show(s.key)
	switch {
	case name.Kind == yaml.AliasNode, value.Kind == yaml.AliasNode:
		r.Add(r.at(value), "write the value itself", "summon reads an alias (*) as its name")
	case value.Kind == yaml.MappingNode:
		r.Add(r.at(name), "choose one with --environment NAME", "%s is a section: an environment must be chosen", shown)
	case value.Kind != yaml.ScalarNode:
		r.Add(r.at(value), "", "the value of %s must be a string, not a list", shown)
	case !r.CheckKey(r.at(name), s.key):
	case r.repeated(s.key):
		r.Add(r.at(name), "", "duplicate key %s", shown)
	case !s.readTag(value):
		r.Add(r.at(value), "use the tags var, file, str, int, bool, float and default='VALUE', joined by :", "unknown tag of %s", shown)
	case !s.replace(r.options.Variables):
		r.Add(r.at(value), "define it with -D NAME=VALUE, or write $$ for a dollar sign", "the text of %s has a $variable that is not defined", shown)
	case s.variable && (s.text == "" || strings.Contains(s.text, "\x00")):
		r.Add(r.at(value), "", "the path of %s is empty or holds a NUL byte", shown)
	case s.variable && r.options.Provider == "":
		r.Add(r.at(value), "use --provider NAME, in "+Folder+", or a path", "%s needs a provider", shown)
	default:
		return s, true
	}
	return s, false
}

// repeated reports whether a key was there before.
func (r *reader) repeated(key string) bool {
	before := r.seen[key]
	r.seen[key] = true
	return before
}
