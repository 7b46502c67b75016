package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Keyed is a source that can be asked for one key, if asking for all of them
// costs more.
type Keyed interface {
	Source

	// Keys returns the keys that it declares, nil if it declares none.
	Keys() []string

	// Only returns a source of this key alone.
	Only(key string) Source
}

// LookupOptions says how a Lookup asks its sources.
type LookupOptions struct {
	Refresh time.Duration                            // how long an answer is kept; 0 is for ever
	Match   func(keys []string, key string) []string // the keys that are found for a key; two are none
	Forget  func()                                   // makes the remote sources read again; may be nil
	Warn    func(error)                              // reports what stops nobody
}

// Lookup finds one key after the other while a handler runs. It asks a Keyed
// source for a key when the handler does, and all others once. It may be used by
// several goroutines.
type Lookup struct {
	LookupOptions
	sources []Bound // in order of precedence, the last wins
	all     []*cache
	keyed   []*sync.Map // of a Keyed source: a *cache for each key
}

// NewLookup returns a Lookup that has asked no source yet.
func NewLookup(sources []Bound, options LookupOptions) *Lookup {
	l := &Lookup{LookupOptions: options, sources: byPrecedence(sources)}
	for _, s := range l.sources {
		l.all = append(l.all, &cache{source: s.Source, options: options, keepAbsence: true})
		l.keyed = append(l.keyed, &sync.Map{})
	}
	return l
}

// Begin asks all sources except the Keyed ones, whose declared keys count as
// found. It returns what Resolve does, without the missing keys if a Keyed source
// may have any key.
func (l *Lookup) Begin(ctx context.Context) (Resolution, error) {
	anyKey := false
	r, err := merge(l.sources, ask(l.sources, func(i int) answer {
		keyed, ok := l.sources[i].Source.(Keyed)
		if !ok {
			return l.all[i].find(ctx)
		}
		var declared answer
		for _, key := range keyed.Keys() {
			declared.findings = append(declared.findings, Finding{Key: key, Where: "when it is asked for"})
		}
		return declared
	}))
	for _, s := range l.sources {
		keyed, ok := s.Source.(Keyed)
		anyKey = anyKey || ok && keyed.Keys() == nil
	}
	if !anyKey {
		return r, err
	}
	var stops []error
	for _, e := range document.Unjoin(err) {
		if _, key := errors.AsType[*KeyError](e); e != nil && (!key || !errors.Is(e, ErrAbsent)) {
			stops = append(stops, e)
		}
	}
	return r, errors.Join(stops...)
}

// Find returns the value of the key that Match finds. It fails with ErrAbsent if
// no source has it, with a KeyError of that if a source declares it, and else as
// Resolve does.
func (l *Lookup) Find(ctx context.Context, key string) (Value, error) {
	missing := Absent(fmt.Sprintf("secret %s: no source has it", keyname.Show(key)))
	switch matches := l.Match(l.keys(), key); {
	case len(matches) == 1:
		key = matches[0]
	case len(matches) > 1:
		missing = Absent(fmt.Sprintf("secret %s: two keys match, %s and %s", keyname.Show(key), keyname.Show(matches[0]), keyname.Show(matches[1])))
	}
	for i, s := range slices.Backward(l.sources) {
		keyed, isKeyed := s.Source.(Keyed)
		c := l.all[i]
		if isKeyed {
			if c = l.cacheFor(i, keyed, key); c == nil {
				continue
			}
		}
		r, err := merge([]Bound{{Declaration: s.Declaration}}, []answer{c.find(ctx)}) // without the source's defaults
		if value, ok := r.value(key, isKeyed); ok {
			return value, nil
		}
		for _, e := range document.Unjoin(err) {
			of, about := errors.AsType[*KeyError](e)
			switch {
			case e == nil, about && of.Key != key && !isKeyed:
			case about && errors.Is(e, ErrAbsent):
				if !isKeyed || keyed.Keys() != nil {
					missing = e
				}
			default:
				return Value{}, err
			}
		}
	}
	if value, ok := l.defaultOf(key); ok {
		return value, nil
	}
	return Value{}, missing
}

// defaultOf returns the default of a key that no source has.
func (l *Lookup) defaultOf(key string) (Value, bool) {
	for _, s := range slices.Backward(l.sources) {
		for _, d := range DefaultsOf(s.Source) {
			if s.Prefix+d.Key == key {
				return d.Value, true
			}
		}
	}
	return Value{}, false
}

// value returns the value of a key, or the only one.
func (r Resolution) value(key string, only bool) (Value, bool) {
	for _, s := range r.Secrets {
		if s.Key == key || only {
			return s.Value, true
		}
	}
	return Value{}, false
}

// keys returns all keys that are known, sorted.
func (l *Lookup) keys() (keys []string) {
	for i, s := range l.sources {
		known := l.all[i].keys()
		if keyed, ok := s.Source.(Keyed); ok {
			known = keyed.Keys()
		}
		for _, d := range DefaultsOf(s.Source) {
			known = append(known, d.Key)
		}
		for _, key := range known {
			keys = append(keys, s.Prefix+key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// cacheFor returns what a Keyed source answered for the key, nil if it cannot have
// that key.
func (l *Lookup) cacheFor(source int, keyed Keyed, key string) *cache {
	prefix := l.sources[source].Prefix
	if len(key) <= len(prefix) {
		return nil
	}
	if prefix != "" && len(l.Match([]string{prefix}, key[:len(prefix)])) == 0 {
		return nil
	}
	name := key[len(prefix):]
	if declared := keyed.Keys(); declared != nil && !slices.Contains(declared, name) {
		return nil
	}
	c, _ := l.keyed[source].LoadOrStore(name, &cache{source: keyed.Only(name), options: l.LookupOptions})
	return c.(*cache)
}

// cache keeps a source's answer, and asks again when it is too old.
type cache struct {
	source      Source
	options     LookupOptions
	keepAbsence bool

	mu     sync.Mutex
	answer answer
	known  bool      // there is an answer
	until  time.Time // when it is too old
}

const (
	patience = 5 * time.Second  // how long a handler waits for a new value if there is an old one
	pause    = 30 * time.Second // how long the old one then serves before a handler waits again
)

// find returns the answer that is kept, or a new one. If a new one is unavailable,
// the old one serves longer, with a warning.
func (c *cache) find(ctx context.Context) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known && (c.options.Refresh <= 0 || time.Now().Before(c.until)) {
		return c.answer
	}
	if c.options.Forget != nil {
		c.options.Forget()
	}
	now := c.ask(ctx)
	switch {
	case now.good(c.keepAbsence):
		c.answer, c.known, c.until = now, true, time.Now().Add(c.options.Refresh)
	case c.known && now.unavailable():
		if !errors.Is(ctx.Err(), context.Canceled) { // else the client has gone, and the source is not to blame
			c.until = time.Now().Add(min(c.options.Refresh, pause))
			c.options.Warn(now.warning())
		}
		return c.answer
	}
	return now
}

func (c *cache) ask(ctx context.Context) answer {
	if c.known {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	return find(ctx, c.source)
}

// keys returns the keys of the answer, found or not.
func (c *cache) keys() (keys []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.answer.findings {
		keys = append(keys, f.Key)
	}
	return keys
}

// good reports whether nothing failed in an answer.
func (a answer) good(absence bool) bool {
	bad := func(err error) bool { return err != nil && (!absence || !errors.Is(err, ErrAbsent)) }
	return !bad(a.err) && !slices.ContainsFunc(a.findings, func(f Finding) bool { return bad(f.Err) })
}

// warning says that an old answer serves, and why.
func (a answer) warning() error {
	err := a.err
	for _, f := range a.findings {
		if f.Err != nil && !errors.Is(err, f.Err) {
			err = errors.Join(err, f.Err)
		}
	}
	return fmt.Errorf("the previous value is used: %w", err)
}
