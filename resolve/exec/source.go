package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/inline"
	"github.com/seed45446ece/launcher/resolve/keylist"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Source returns the source of a specification, whose program is at path. It is
// resolve.Keyed if the program is asked for one key at a time.
func (p *Programs) Source(spec Spec, path string) resolve.Source {
	if spec.Format != "" {
		return listSource{p, spec, path}
	}
	return keyedSource{p, spec, path}
}

// keyedSource runs its program once for each identifier.
type keyedSource struct {
	programs *Programs
	spec     Spec
	path     string
}

// Defaults implements resolve.Defaulted.
func (s keyedSource) Defaults() []resolve.Default { return s.spec.Defaults() }

// Keys implements resolve.Keyed.
func (s keyedSource) Keys() []string { return s.spec.Keys() }

// Only implements resolve.Keyed.
func (s keyedSource) Only(key string) resolve.Source {
	return keyedSource{s.programs, s.spec.Only(key), s.path}
}

// Find runs the program once for each distinct identifier, several at the same
// time, and returns a Finding for each key. No program runs when it returns.
func (s keyedSource) Find(ctx context.Context) ([]resolve.Finding, error) {
	answers := map[string]*resolve.Finding{}
	var runs sync.WaitGroup
	for _, secret := range s.spec.Secrets {
		if answers[secret.Name] != nil {
			continue
		}
		answer := &resolve.Finding{Where: fmt.Sprintf("program %s, %s", keyname.Plain(s.spec.Name()), keyname.Quote(secret.Name))}
		answers[secret.Name] = answer
		runs.Go(func() {
			output, err := s.programs.output(ctx, s.spec, s.path, secret.Name)
			if answer.Err = err; err == nil {
				answer.Value = resolve.NewValue(output)
			}
		})
	}
	runs.Wait()
	found := make([]resolve.Finding, len(s.spec.Secrets))
	for i, secret := range s.spec.Secrets {
		found[i] = *answers[secret.Name]
		found[i].Key = secret.Key
	}
	return found, nil
}

// listSource runs its program once, for all keys that it prints or for the declared
// ones among them.
type listSource struct {
	programs *Programs
	spec     Spec
	path     string
}

// Defaults implements resolve.Defaulted.
func (s listSource) Defaults() []resolve.Default { return s.spec.Defaults() }

// Keys returns the declared keys, nil if the program says which there are.
func (s listSource) Keys() []string { return s.spec.Keys() }

// Find runs the program, and returns a Finding for each declared key, or for each key
// of its output. If the program reports that the store has nothing, each declared key
// is missing.
func (s listSource) Find(ctx context.Context) ([]resolve.Finding, error) {
	origin := "the output of " + keyname.Plain(s.spec.Name())
	all, err := s.read(ctx, origin)
	absent := errors.Is(err, resolve.ErrAbsent)
	switch {
	case len(s.spec.Secrets) == 0 && absent: // of no key, so the table of kinds has no hint
		return nil, &problem{text: err.Error(), hint: adviseMissing, kind: resolve.ErrAbsent}
	case len(s.spec.Secrets) == 0:
		return all, err
	case err == nil:
		return keylist.Select(s.spec.Secrets, all, origin), nil
	}
	found := make([]resolve.Finding, len(s.spec.Secrets))
	for i, secret := range s.spec.Secrets {
		found[i] = resolve.Finding{Key: secret.Key, Where: origin, Err: err}
	}
	if absent {
		return found, nil
	}
	return found, err
}

// read runs the program, and returns a Finding for each key of its output.
func (s listSource) read(ctx context.Context, origin string) ([]resolve.Finding, error) {
	output, err := s.programs.output(ctx, s.spec, s.path)
	if err != nil {
		return nil, err
	}
	if s.spec.Format == "json" {
		return s.readJSON(ctx, origin, output)
	}
	entries, err := file.Parse(origin, output, file.Format(s.spec.Format))
	if err != nil {
		return nil, err
	}
	found := make([]resolve.Finding, len(entries))
	for i, e := range entries {
		found[i] = resolve.Finding{Key: e.Key, Where: origin + ":" + strconv.Itoa(e.Line), Value: e.Value}
	}
	return found, nil
}

// readJSON reads an object. A member that is not declared may hold anything.
func (s listSource) readJSON(ctx context.Context, origin string, output []byte) ([]resolve.Finding, error) {
	node, err := document.ParseJSON(origin, output)
	if err != nil {
		return nil, err
	}
	if node.Kind != document.Map {
		return nil, fmt.Errorf("%s is not a JSON object", origin)
	}
	if len(s.spec.Secrets) > 0 {
		names := map[string]bool{}
		for _, secret := range s.spec.Secrets {
			names[secret.Name] = true
		}
		node.Fields = slices.DeleteFunc(node.Fields, func(f document.Field) bool { return !names[f.Name] })
	}
	source, err := inline.New(resolve.Declaration{Source: node})
	if err != nil {
		return nil, err
	}
	return source.Find(ctx)
}
