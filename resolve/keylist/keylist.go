// Package keylist reads the list of keys that a secret source declares, in the
// form that all kinds of sources share.
//
// It owns that form: where a source looks for a key, and the default for a key
// that is missing. It refuses unknown fields, duplicates, and text that is not a
// key, all in one run. Data flows document.Node -> Key; it reads no secret.
package keylist

import (
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/internal/suggest"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Key is one key that a source declares.
type Key struct {
	Key     string           // what a handler asks for
	Name    string           // where the source looks for it
	Version string           // of a vault's secret; "" for the newest
	Default *resolve.Default // without its key; nil for none
	At      document.Position
}

// Form is what one kind of source accepts. Its zero value takes names that are
// keys, and looks for a key under its own name.
type Form struct {
	Source  string // what a message calls the source: "an env source"
	Version bool   // an element may have a version
	Map     bool   // a map of key to name may replace the list

	// NameOf returns where the source looks for a key that has no name; nil is
	// the key itself.
	NameOf func(key string) string

	// CheckName reports whether a source can look under a name, and adds a problem
	// if it cannot; nil wants a key.
	CheckName func(problems *document.Problems, at document.Position, name string) bool
}

// Parse reads a list of keys. An element is a key, a map of key, name and default,
// or {KEY: NAME}. A string holds keys with commas between them, or a list as a
// JSON or Python literal. What is wrong is added to problems.
func (f Form) Parse(problems *document.Problems, n *document.Node) []Key {
	r := reader{f, problems, map[string]bool{}, nil}
	if n.Kind == document.String {
		n = r.split(n)
	}
	switch {
	case n == nil:
	case n.Kind == document.Map && f.Map:
		for _, field := range n.Fields {
			r.add(r.readRenaming(field))
		}
	case n.Kind == document.List:
		for _, item := range n.Items {
			r.add(r.readElement(item))
		}
	default:
		problems.Add(n.At, "", "%s must be a list, not %s", f.Source, n.Kind)
	}
	return r.keys
}

// reader reads one list.
type reader struct {
	Form
	problems *document.Problems
	seen     map[string]bool
	keys     []Key
}

// split returns the list that a string holds, or nil if it holds none.
func (r *reader) split(n *document.Node) *document.Node {
	if text := strings.TrimSpace(n.Text); strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{") {
		literal, err := document.ParseLiteral(n.At, n.Text)
		r.problems.AddErr(err)
		return literal
	}
	list := &document.Node{Kind: document.List, At: n.At}
	for name := range strings.SplitSeq(n.Text, ",") {
		list.Items = append(list.Items, &document.Node{Kind: document.String, Text: strings.TrimSpace(name), At: n.At})
	}
	return list
}

func (r *reader) readElement(n *document.Node) (Key, bool) {
	switch {
	case n.Kind == document.Map && r.isRenaming(n):
		return r.readRenaming(n.Fields[0])
	case n.Kind == document.Map:
		return r.readFields(n)
	case !n.Scalar():
		r.problems.Add(n.At, formHint, "%s must hold keys, not %s", r.Source, n.Kind)
	case n.Text == "":
		r.problems.Add(n.At, "", "%s has an empty name", r.Source)
	default:
		return r.complete(Key{Key: n.Text, At: n.At})
	}
	return Key{}, false
}

// fieldNames returns the fields of an element that is a map.
func (r *reader) fieldNames() []string {
	if r.Version {
		return []string{"key", "name", "default", "version"}
	}
	return []string{"key", "name", "default"}
}

const formHint = "write KEY, or {key: KEY, name: NAME}"

// isRenaming reports whether a map is {KEY: NAME}. One whose only field is nearly a
// field of an element is not: it is misspelled.
func (r *reader) isRenaming(n *document.Node) bool {
	if len(n.Fields) != 1 || n.Fields[0].Bare {
		return false
	}
	name := strings.TrimSuffix(strings.ToLower(n.Fields[0].Name), "s")
	return !slices.Contains(r.fieldNames(), name) && suggest.Nearest(name, "default", "version") == ""
}

// readRenaming reads KEY: NAME.
func (r *reader) readRenaming(f document.Field) (Key, bool) {
	if f.Bare {
		r.problems.Add(f.At, "write KEY: NAME", "a colon is missing after a key")
		return Key{}, false
	}
	key := Key{Key: f.Name, At: f.At}
	if !f.Value.Scalar() {
		if r.problems.CheckKey(f.At, f.Name) {
			r.problems.Add(f.Value.At, formHint, "the name of %s must be a string, not %s", keyname.Show(f.Name), f.Value.Kind)
		}
		return key, false
	}
	if key.Name = f.Value.Text; key.Name == "" {
		r.problems.Add(f.Value.At, formHint, "the name of %s is empty", keyname.Show(f.Name))
		return key, false
	}
	return r.complete(key)
}

// readFields reads a map of key, name and default.
func (r *reader) readFields(n *document.Node) (Key, bool) {
	key, ok := Key{At: n.At}, true
	text := func(f document.Field) string {
		value := r.problems.Text(f.Value, f.Name)
		if ok = ok && value != ""; f.Value.Kind == document.String && value == "" {
			r.problems.Add(f.Value.At, "", "%s is empty", f.Name)
		}
		return value
	}
	for _, f := range n.Fields {
		switch {
		case f.Name == "key":
			key.Key = text(f)
		case f.Name == "name":
			key.Name = text(f)
		case f.Name == "default":
			key.Default = r.defaultValue(f.Value)
		case f.Name == "version" && r.Version:
			key.Version = text(f)
		default:
			ok = false
			r.problems.Unknown(f, "a key of "+r.Source, r.fieldNames()...)
		}
	}
	if ok && key.Key == "" && key.Name == "" {
		r.problems.Add(n.At, formHint, "%s has a map without a key", r.Source)
		ok = false
	}
	if !ok {
		return key, false
	}
	return r.complete(key)
}

// defaultValue returns a scalar's text as it is written.
func (r *reader) defaultValue(n *document.Node) *resolve.Default {
	if !n.Scalar() {
		r.problems.Add(n.At, `write default: "" for an empty value`, "default must be a scalar, not %s", n.Kind)
		return nil
	}
	return &resolve.Default{Value: resolve.NewValue([]byte(n.Text)), At: n.At}
}

// complete returns the key with its name. It reports false, and adds a problem, if one
// of them is not valid.
func (r *reader) complete(key Key) (Key, bool) {
	if key.Key == "" {
		key.Key = key.Name
	}
	if key.Name == "" {
		key.Name = key.Key
		if r.NameOf != nil {
			key.Name = r.NameOf(key.Key)
		}
	}
	check := (*document.Problems).CheckKey
	if r.CheckName != nil {
		check = r.CheckName
	}
	ok := check(r.problems, key.At, key.Name)
	if ok && (key.Key != key.Name || r.CheckName != nil) {
		ok = r.problems.CheckKey(key.At, key.Key)
	}
	return key, ok
}

func (r *reader) add(key Key, ok bool) {
	switch {
	case !ok:
	case r.seen[key.Key]:
		r.problems.Add(key.At, "", "duplicate key %s in %s", keyname.Show(key.Key), r.Source)
	default:
		r.seen[key.Key] = true
		r.keys = append(r.keys, key)
	}
}

// Select returns the findings of the keys among all those of a place, which has them
// by name. A key that it lacks is resolve.ErrAbsent; origin names the place.
func Select(keys []Key, all []resolve.Finding, origin string) []resolve.Finding {
	byName := make(map[string]resolve.Finding, len(all))
	for _, f := range all {
		byName[f.Key] = f
	}
	found := make([]resolve.Finding, len(keys))
	for i, k := range keys {
		f, ok := byName[k.Name]
		if !ok {
			f = resolve.Finding{Where: origin, Err: resolve.Absent(keyname.Show(k.Name) + " is not in " + origin)}
		}
		f.Key = k.Key
		found[i] = f
	}
	return found
}

// Names returns what a handler asks for, for each key.
func Names(keys []Key) []string {
	var names []string
	for _, k := range keys {
		names = append(names, k.Key)
	}
	return names
}

// Defaults returns the keys that have a default.
func Defaults(keys []Key) []resolve.Default {
	var defaults []resolve.Default
	for _, k := range keys {
		if k.Default != nil {
			defaults = append(defaults, resolve.Default{Key: k.Key, Value: k.Default.Value, At: k.Default.At})
		}
	}
	return defaults
}
