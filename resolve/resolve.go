package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Bound is a declaration with the source that it stands for.
type Bound struct {
	Declaration
	Source Source

	// Yields makes the source give way to those that do not yield, whatever their
	// order in the task, as MLRun's kubernetes and azure_vault do.
	Yields bool

	// Remote sources are asked all at the same time.
	Remote bool
}

// Secret is a key and the value that won.
type Secret struct {
	Key   string
	Value Value
	Env   bool // the handler gets it as a variable too
}

// State is what became of a key at one source.
type State string

// The states of a Row.
const (
	Found      State = "found"
	Overridden State = "overridden" // found, but a later source has it too
	Missing    State = "missing"
	Failed     State = "failed" // the source could not answer
)

// AllKeys stands in a Row for the keys of an optional source that does not exist.
const AllKeys = "*"

// Row reports one key at one source.
type Row struct {
	Key, Provider, Where string
	State                State
	Optional             bool
	By                   string // of an Overridden row: the winner's provider and place
	Note, Detail         string // of a Found row: what a user should know of the value, and only for --verbose
	Err                  error  // of a Missing or Failed row
}

// Resolution is what all sources together answered.
type Resolution struct {
	Rows    []Row    // in order of precedence, the last wins
	Secrets []Secret // sorted by key, each key once
}

// KeyError is a key that a source could not answer for.
type KeyError struct {
	Key, Provider string
	Optional      bool // the source is
	Err           error
}

func (e *KeyError) Error() string {
	return fmt.Sprintf("secret %s: %s: %v", keyname.Show(e.Key), e.Provider, e.Err)
}

func (e *KeyError) Unwrap() error { return e.Err }

// Resolve asks all sources and merges their answers. Every problem of
// every source is in the error, joined; the Resolution beside it is as complete
// as it can be. A key without a value anywhere is a KeyError that is ErrAbsent;
// what ctx cut short is ErrUnavailable.
func Resolve(ctx context.Context, sources []Bound) (Resolution, error) {
	sources = byPrecedence(sources)
	return merge(sources, ask(sources, func(s int) answer { return find(ctx, sources[s].Source) }))
}

// merge returns what the sources answered together.
func merge(sources []Bound, answers []answer) (Resolution, error) {
	m := merger{failedWithSource: map[int]bool{}, winners: map[string]winner{}, defaults: map[string]missingDefault{}}
	for i, a := range answers {
		m.add(sources[i], a)
	}
	return m.result()
}

// byPrecedence is the sources in the order in which a later one wins.
func byPrecedence(sources []Bound) []Bound {
	sources = slices.Clone(sources)
	slices.SortStableFunc(sources, func(a, b Bound) int { return rank(a) - rank(b) })
	return sources
}

// ask calls find for each source. It starts with the remote ones and waits for
// them last: one that does not answer takes no time from the others.
func ask(sources []Bound, find func(source int) answer) []answer {
	answers := make([]answer, len(sources))
	var remote sync.WaitGroup
	for i, s := range sources {
		if s.Remote {
			remote.Go(func() { answers[i] = find(i) })
		}
	}
	found := 0
	for i, s := range sources {
		if s.Remote || found > maxFindings {
			continue
		}
		answers[i] = find(i)
		if found += len(answers[i].findings); found > maxFindings {
			answers[i] = answer{err: fmt.Errorf("the task's sources hold more than %d keys", maxFindings)}
		}
	}
	remote.Wait()
	return answers
}

// maxFindings is how many keys all local sources may hold. Each source has a
// limit of its own, but a task may name one file thousands of times.
const maxFindings = 100_000

func rank(b Bound) int {
	if b.Yields {
		return 0
	}
	return 1
}

type answer struct {
	findings []Finding
	err      error
}

// find turns a panic into an error: its text might hold a value, so it is not
// shown. What is answered after the deadline may be cut short: it counts where
// it says itself what was unavailable.
func find(ctx context.Context, s Source) (a answer) {
	defer func() {
		if recover() != nil {
			a = answer{err: errors.New("internal error: the source panicked; please report it")}
		}
	}()
	if ctx.Err() == nil {
		a.findings, a.err = s.Find(ctx)
	}
	if ctx.Err() != nil && !a.unavailable() {
		a = answer{err: Unavailable("no answer before the deadline")}
	}
	return a
}

func (a answer) unavailable() bool {
	return errors.Is(a.err, ErrUnavailable) || slices.ContainsFunc(a.findings, func(f Finding) bool { return errors.Is(f.Err, ErrUnavailable) })
}

// winner is the row of a key's value so far.
type winner struct {
	row   int
	value Value
	env   bool
}

// missingDefault is the default of a key, and its row at the source that lacks it.
type missingDefault struct {
	row int
	Default
	env bool
}

type merger struct {
	rows             []Row
	failedWithSource map[int]bool // rows whose error is that of their source
	winners          map[string]winner
	defaults         map[string]missingDefault // by key, for the last source that has one
	problems         document.Problems
}

func (m *merger) add(b Bound, a answer) {
	first := len(m.rows)
	for _, err := range document.Unjoin(a.err) {
		switch {
		case err == nil:
		case b.Optional && errors.Is(err, ErrAbsent):
			m.rows = append(m.rows, Row{Key: AllKeys, Provider: b.Kind, Where: err.Error(), State: Missing, Optional: true})
		default:
			m.problems.AddErr(fmt.Errorf("%s: %s: %w", b.At, b.Kind, err))
		}
	}
	for _, f := range a.findings {
		f.Key = b.Prefix + f.Key
		if wrong := keyname.Check(f.Key); wrong != nil { // it has no row, as it may be a value
			m.problems.AddErr(fmt.Errorf("%s: %s: %w", b.At, b.Kind, wrong))
			continue
		}
		m.failedWithSource[len(m.rows)] = f.Err != nil && errors.Is(a.err, f.Err)
		m.put(b, f)
	}
	m.addDefaults(b, a, first)
}

// addDefaults records the defaults of keys that a source lacks. Its rows start at
// first. An optional source that does not exist lacks all of them.
func (m *merger) addDefaults(b Bound, a answer, first int) {
	defaults := DefaultsOf(b.Source)
	if len(defaults) == 0 {
		return
	}
	rows := map[string]int{}
	for i := first; i < len(m.rows); i++ {
		rows[m.rows[i].Key] = i
	}
	for _, d := range defaults {
		key := b.Prefix + d.Key
		row, known := rows[key]
		if !known && b.Optional && errors.Is(a.err, ErrAbsent) && keyname.Check(key) == nil {
			row, known = len(m.rows), true
			m.put(b, Finding{Key: key, Where: a.err.Error(), Err: a.err})
		}
		if known && m.rows[row].State == Missing {
			m.defaults[key] = missingDefault{row, d, b.Env}
		}
	}
}

// useDefaults takes the defaults of the keys that no source has.
func (m *merger) useDefaults() {
	for key, d := range m.defaults {
		if _, has := m.winners[key]; !has {
			row := &m.rows[d.row]
			row.State, row.Where, row.Err = Found, d.Where(), nil
			m.winners[key] = winner{d.row, d.Value, d.env}
		}
	}
}

func (m *merger) put(b Bound, f Finding) {
	row := Row{Key: f.Key, Provider: b.Kind, Where: f.Where, State: Found, Optional: b.Optional, Note: f.Note, Detail: f.Detail, Err: f.Err}
	switch {
	case errors.Is(f.Err, ErrAbsent):
		row.State = Missing
	case f.Err != nil:
		row.State = Failed
	default:
		m.winners[f.Key] = winner{len(m.rows), f.Value, b.Env}
	}
	m.rows = append(m.rows, row)
}

func (m *merger) result() (Resolution, error) {
	m.useDefaults()
	for i, row := range m.rows {
		best, has := m.winners[row.Key]
		switch {
		case m.failedWithSource[i]:
		case row.State == Failed, row.State == Missing && !row.Optional && !has:
			m.problems.AddErr(&KeyError{row.Key, row.Provider, row.Optional, row.Err})
		case row.State == Found && best.row != i:
			by := m.rows[best.row]
			m.rows[i].State, m.rows[i].By = Overridden, by.Provider+", "+by.Where
		}
	}
	secrets := make([]Secret, 0, len(m.winners))
	for key, w := range m.winners {
		secrets = append(secrets, Secret{key, w.value, w.env})
	}
	slices.SortFunc(secrets, func(a, b Secret) int { return strings.Compare(a.Key, b.Key) })
	return Resolution{m.rows, secrets}, m.problems.Err()
}
