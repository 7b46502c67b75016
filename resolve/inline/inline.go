// Package inline is the secret source that holds its values in the task itself:
// a map, or a string that holds a JSON or Python literal of one.
//
// It owns no place outside the task. It refuses a value that is not a scalar.
// Data flows document.Node -> Finding.
package inline

import (
	"context"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// source is the findings, known since the declaration was read.
type source []resolve.Finding

// New reads the declaration. A scalar keeps the text as written (012, 1.10,
// true), null is an absent key, anything nested is a Problem, as is what is not
// a map (MLRun: "should be a dictionary").
func New(d resolve.Declaration) (resolve.Source, error) {
	node, err := document.Unwrap(d.Source)
	if err != nil {
		return nil, err
	}
	var problems document.Problems
	if node.Kind != document.Map {
		problems.Add(node.At, "", "an inline source must be a map of keys and values, not %s", node.Kind)
	}
	var found source
	for _, f := range node.Fields {
		if f.Value.Kind == document.List || f.Value.Kind == document.Map {
			problems.Add(f.Value.At, "give its JSON text as a string", "the value of %s must be a scalar, not %s",
				keyname.Show(f.Name), f.Value.Kind)
		}
		switch {
		case !problems.CheckKey(f.At, f.Name):
		case f.Bare: // {DB_USER, hunter2}: the second may be a value
			problems.Add(f.At, "write KEY: VALUE, or KEY: null for a missing key", "a colon is missing after a key")
		default:
			found = append(found, finding(f))
		}
	}
	return found, problems.Err()
}

func finding(f document.Field) resolve.Finding {
	finding := resolve.Finding{Key: f.Name, Where: f.Value.At.String()}
	if f.Value.Kind == document.Null {
		finding.Err = resolve.Absent("the value at " + finding.Where + " is null")
	} else {
		finding.Value = resolve.NewValue([]byte(f.Value.Text))
	}
	return finding
}

// Find returns what the task holds.
func (s source) Find(context.Context) ([]resolve.Finding, error) { return s, nil }

// Keys returns the keys of the map.
func (s source) Keys() []string {
	var keys []string
	for _, f := range s {
		keys = append(keys, f.Key)
	}
	return keys
}
