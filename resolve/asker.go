package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seed45446ece/launcher/resolve/document"
)

// Keyed is a source that can be asked for one key, where all of them would cost
// more.
type Keyed interface {
	Source

	// Keys is the keys that it declares, nil where it has to be asked.
	Keys() []string

	// Only is the source of this key alone, which may be one that it cannot have.
	Only(key string) Source
}

// Asking is how an Asker asks.
type Asking struct {
	Refresh time.Duration                                  // how long an answer is kept, 0 for ever
	Match   func(keys []string, key string) (string, bool) // the rule by which a key is found
	Forget  func()                                         // has the remote sources look again
	Warn    func(error)                                    // takes what is wrong and stops nobody
}

// Asker answers for one key after the other while a handler runs. Its sources
// are as they are for Resolve, but that a Keyed one is asked when somebody asks
// for the key. It may be used by several goroutines.
type Asker struct {
	Asking
	sources []asked // in order of precedence, the last wins
}

// asked is a source and its answers.
type asked struct {
	Bound
	keyed Keyed     // nil for a source that is asked for all
	all   *kept     // its answer then
	some  *sync.Map // of a keyed one: *kept by key
}

// NewAsker asks nothing yet.
func NewAsker(sources []Bound, how Asking) *Asker {
	a := &Asker{Asking: how}
	for _, b := range byPrecedence(sources) {
		s := asked{Bound: b, some: &sync.Map{}}
		if s.keyed, _ = b.Source.(Keyed); s.keyed == nil {
			s.all = &kept{source: b.Source, how: how, absence: true}
		}
		a.sources = append(a.sources, s)
	}
	return a
}

// Begin asks all sources but the keyed ones. Its error is that of Resolve, where
// a key that a keyed source declares counts as found, and none is missed that one
// which has to be asked may have.
func (a *Asker) Begin(ctx context.Context) (Resolution, error) {
	var sources []Bound
	unlisted := false
	for _, s := range a.sources {
		b := s.Bound
		if s.keyed == nil {
			b.Source = s.all
		} else {
			b.Source = promise(s.keyed.Keys())
			unlisted = unlisted || s.keyed.Keys() == nil
		}
		sources = append(sources, b)
	}
	r, err := Resolve(ctx, sources)
	if !unlisted {
		return r, err
	}
	var stops []error
	for _, e := range document.Flatten(err) {
		if _, key := errors.AsType[*KeyError](e); e != nil && (!key || !errors.Is(e, ErrAbsent)) {
			stops = append(stops, e)
		}
	}
	return r, errors.Join(stops...)
}

// promise is the keys that a source declares, as if it had been asked.
type promise []string

// Find answers for each key.
func (p promise) Find(context.Context) (found []Finding, _ error) {
	for _, key := range p {
		found = append(found, Finding{Key: key, Where: "when it is asked for"})
	}
	return found, nil
}

// Ask is the value of a key, or of the one that Match finds in its place. Its
// error is ErrAbsent where no source has it, a KeyError of that where one
// declares it, and otherwise as Resolve's.
func (a *Asker) Ask(ctx context.Context, key string) (Value, error) {
	if match, ok := a.Match(a.keys(), key); ok {
		key = match
	}
	missing := Absent(fmt.Sprintf("secret %s: no source has it", document.Shown(key)))
	for _, s := range slices.Backward(a.sources) {
		b, k, ok := s.only(a, key)
		if !ok {
			continue
		}
		// The answer that is kept may be had after the deadline too.
		b.Source = answering(func() ([]Finding, error) { return k.Find(ctx) })
		r, err := Resolve(context.WithoutCancel(ctx), []Bound{b})
		if value, ok := r.value(key, s.keyed != nil); ok {
			return value, nil
		}
		for _, e := range document.Flatten(err) {
			of, about := errors.AsType[*KeyError](e)
			switch {
			case e == nil, about && of.Key != key && s.keyed == nil:
			case about && errors.Is(e, ErrAbsent):
				if s.keyed == nil || s.keyed.Keys() != nil {
					missing = e
				}
			default:
				return Value{}, err
			}
		}
	}
	return Value{}, missing
}

// value is that of a key, or the only one.
func (r Resolution) value(key string, only bool) (Value, bool) {
	for _, s := range r.Secrets {
		if s.Key == key || only {
			return s.Value, true
		}
	}
	return Value{}, false
}

// keys is all that are known.
func (a *Asker) keys() (keys []string) {
	for _, s := range a.sources {
		if s.keyed == nil {
			keys = append(keys, s.all.keys(s.Prefix)...)
			continue
		}
		for _, key := range s.keyed.Keys() {
			keys = append(keys, s.Prefix+key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// only is the source as it is asked for one key; ok is false where it cannot
// have that.
func (s asked) only(a *Asker, key string) (_ Bound, k *kept, ok bool) {
	if s.keyed == nil {
		return s.Bound, s.all, true
	}
	if len(key) <= len(s.Prefix) {
		return s.Bound, nil, false
	}
	if _, ok := a.Match([]string{s.Prefix}, key[:len(s.Prefix)]); !ok && s.Prefix != "" {
		return s.Bound, nil, false
	}
	name := key[len(s.Prefix):]
	if declared := s.keyed.Keys(); declared != nil && !slices.Contains(declared, name) {
		return s.Bound, nil, false
	}
	source, _ := s.some.LoadOrStore(name, &kept{source: s.keyed.Only(name), how: a.Asking})
	k, ok = source.(*kept)
	return s.Bound, k, ok
}

// answering is a source that has its own deadline.
type answering func() ([]Finding, error)

// Find answers.
func (f answering) Find(context.Context) ([]Finding, error) { return f() }

// kept is a source that keeps its answer, and asks again when that is too old.
type kept struct {
	source  Source
	how     Asking
	absence bool // is an answer to keep

	mu     sync.Mutex
	answer answer
	known  bool      // there is an answer
	old    time.Time // from when on it is too old
}

// What a job that has an old value may be kept waiting for a new one, and how
// long the old one then serves before somebody waits again.
const (
	patience = 5 * time.Second
	pause    = 30 * time.Second
)

// Find is the answer that is kept, or a new one. Where a new one cannot be had
// for now, the old one serves longer, with a warning.
func (k *kept) Find(ctx context.Context) ([]Finding, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known && (k.how.Refresh <= 0 || time.Now().Before(k.old)) {
		return k.answer.findings, k.answer.err
	}
	if k.how.Forget != nil {
		k.how.Forget()
	}
	now := k.look(ctx)
	switch {
	case now.good(k.absence):
		k.answer, k.known, k.old = now, true, time.Now().Add(k.how.Refresh)
	case k.known && now.unavailable():
		if !errors.Is(ctx.Err(), context.Canceled) { // else whoever asked has gone, and the source is not to blame
			k.old = time.Now().Add(min(k.how.Refresh, pause))
			k.how.Warn(now.wrong())
		}
		return k.answer.findings, k.answer.err
	}
	return now.findings, now.err
}

func (k *kept) look(ctx context.Context) answer {
	if k.known {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	return find(ctx, k.source)
}

// good reports whether an answer is one to keep: nothing failed in it.
func (a answer) good(absence bool) bool {
	bad := func(err error) bool { return err != nil && (!absence || !errors.Is(err, ErrAbsent)) }
	return !bad(a.err) && !slices.ContainsFunc(a.findings, func(f Finding) bool { return bad(f.Err) })
}

// wrong is all that is.
func (a answer) wrong() error {
	err := a.err
	for _, f := range a.findings {
		if f.Err != nil && !errors.Is(err, f.Err) {
			err = errors.Join(err, f.Err)
		}
	}
	return fmt.Errorf("the value from before is used: %w", err)
}

// keys is those of the answer, found or not.
func (k *kept) keys(prefix string) (keys []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, f := range k.answer.findings {
		keys = append(keys, prefix+f.Key)
	}
	return keys
}
