// Package mutation makes damaged tasks and secrets files for tests: what a user
// writes by mistake, with canaries as values.
//
// It owns the shapes of the inputs and the mistakes, both from a fixed seed. It
// refuses nothing. Data flows seed -> Input -> a test, which asks the Input
// whether an output leaks and whether an accepted value is the one written.
package mutation

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Format is what an Input is meant to be.
type Format string

// The formats of inputs. A Task is YAML or JSON.
const (
	Task   Format = "task"
	Lines  Format = "lines"
	Dotenv Format = "dotenv"
)

// Input is a text with its values, after its mutations.
type Input struct {
	Name   string // of the shape and of each mutation
	Format Format
	File   string // a name whose extension fits the format
	Text   []byte

	values []value
	cuts   []cut
}

// value is a secret of the text before its mutations. It stands, with its quotes,
// between two offsets; its key starts at from.
type value struct {
	key, text      string
	from, at, end  int
	secret, broken bool // broken: no reader can accept it as it is written
}

// cut is a range of the text before its mutations that one of them changed.
type cut struct{ from, to int }

// Tasks returns damaged tasks whose inline sources hold canaries.
func Tasks(seed uint64, count int) []Input { return inputs(seed, count, taskShapes) }

// Files returns damaged secrets files, lines and dotenv in turn.
func Files(seed uint64, count int) []Input { return inputs(seed, count, fileShapes) }

func inputs(seed uint64, count int, shapes []shape) []Input {
	all := make([]Input, count)
	for i := range all {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		shape := shapes[i%len(shapes)]
		w := &writer{random: random}
		shape.write(w)
		in := Input{Name: fmt.Sprintf("%d %s", i, shape.name), Format: shape.format, File: shape.file, values: w.values}
		in.Text = in.mutate(random, w.text)
		all[i] = in
	}
	return all
}

// mutate applies one to three mutations. They are applied from the last place to
// the first, so that the places count in the text before any of them.
func (in *Input) mutate(random *rand.Rand, text []byte) []byte {
	end := len(text)
	for _, place := range in.places(random, len(text)) {
		if place >= min(end, len(text)) {
			continue
		}
		m := mutations[random.IntN(len(mutations))]
		from, to, changed := m.apply(random, text, place)
		if from < 0 || to > end {
			continue
		}
		in.Name += ", " + m.name
		in.cuts = append(in.cuts, cut{from, to})
		text = slices.Concat(text[:from], changed, text[to:])
		end = from
	}
	return text
}

// places returns one to three offsets, the last first, half of them close to a
// value.
func (in *Input) places(random *rand.Rand, size int) []int {
	places := make([]int, 1+random.IntN(3))
	for i := range places {
		places[i] = random.IntN(size)
		if random.IntN(2) == 0 {
			v := in.values[random.IntN(len(in.values))]
			edge := []int{v.from, v.at, v.end}[random.IntN(3)]
			places[i] = min(max(edge+random.IntN(7)-3, 0), size-1)
		}
	}
	slices.Sort(places)
	slices.Reverse(places)
	return places
}

// untouched reports whether no mutation changed the named key, its value, or
// what is next to them.
func (in *Input) untouched(v value) bool {
	for _, c := range in.cuts {
		if c.from <= v.end+1 && c.to >= v.from { // with the line end that ends a value
			return false
		}
	}
	return true
}

// Wrong returns what is wrong with the keys and values that a reader accepted,
// or "". It holds no value. An untouched value must arrive as it was written. A
// key that was not written may only come from a mutation of a key or a value.
func (in *Input) Wrong(accepted map[string]string) string {
	written := map[string]value{}
	texts, touched := map[string]bool{}, false
	for _, v := range in.values {
		written[v.key] = v
		texts[v.text] = true
		touched = touched || !in.untouched(v)
	}
	for key, text := range accepted {
		v, known := written[key]
		switch {
		case known && in.untouched(v) && v.broken && text != v.text:
			return "the value of " + key + " was cut"
		case known && in.untouched(v) && text != v.text:
			return "the value of " + key + " is not what was written"
		case !known && !touched:
			return "a key was accepted that nobody wrote"
		case !known && !texts[text] && text != "" && len(in.cuts) == 0:
			return "a value was accepted that nobody wrote"
		}
	}
	return ""
}
