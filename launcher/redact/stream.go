package redact

import (
	"bytes"
	"cmp"
	"slices"
)

// Stream replaces the values of a set in one stream of bytes.
type Stream struct {
	set     *Set
	held    []byte // the end of the stream that is not appended yet
	covered int    // how much of held the last Mark stands for
	hidden  []span // occurrences in held, after covered
	begun   []int  // places in held where a form may begin
	tails   []tail
}

// span is the place of hidden bytes, counted from the start of held. It starts
// before that if the last Mark stands for its start.
type span struct{ start, end int }

// tail is a form whose head was found, and that the stream goes on like.
type tail struct {
	form   *form
	length int // what the stream ends with, of the form; 0 if it ended
	end    int // how far it was followed
}

// Stream returns a new stream.
func (s *Set) Stream() *Stream { return &Stream{set: s} }

// Append appends to dst what is certain after this chunk. It keeps neither slice.
// It holds back less than 4,096 bytes: the longest end of the stream that may
// still become a form.
func (st *Stream) Append(dst, chunk []byte) []byte {
	before, text := len(st.held), chunk
	if before > 0 {
		st.held = append(st.held, chunk...)
		text = st.held
	}
	st.followTails(text, before)
	st.find(text, before)
	certain := len(text)
	if len(st.begun) > 0 {
		certain = st.begun[0]
	}
	return st.emit(dst, text, certain)
}

// Flush appends what is held back, at the end of the stream. The next byte
// begins a new one.
func (st *Stream) Flush(dst []byte) []byte {
	dst = st.emit(dst, st.held, len(st.held))
	*st = Stream{set: st.set, held: st.held[:0], hidden: st.hidden[:0], begun: st.begun[:0]}
	return dst
}

// Change replaces the set. What is held back is searched for values of both.
func (st *Stream) Change(s *Set) {
	st.set, st.begun = s, st.begun[:0]
	for i := range st.held {
		st.begun = append(st.begun, i)
	}
}

func (st *Stream) followTails(text []byte, from int) {
	for i := range st.tails {
		t := &st.tails[i]
		t.length, t.end = t.form.follow(t.length, text, from)
		if t.end > from {
			st.hidden = append(st.hidden, span{from - 1, t.end})
		}
	}
}

// find finds the forms in text, whose first bytes were searched before.
func (st *Stream) find(text []byte, before int) {
	begun := st.begun
	st.begun = st.begun[:0]
	for _, i := range begun {
		st.match(text, i)
	}
	i := before
	for i = st.set.filter.next(text, i); len(text)-i >= MinLength; i = st.set.filter.next(text, i+1) {
		st.match(text, i)
	}
	for ; i < len(text); i++ {
		st.match(text, i)
	}
}

// match finds the forms that begin at a place.
func (st *Stream) match(text []byte, start int) {
	rest, begun := text[start:], false
	for _, form := range st.set.startingWith(rest[:min(len(rest), MinLength)]) {
		if len(rest) < len(form.head) {
			begun = begun || bytes.HasPrefix(form.head, rest)
		} else if bytes.HasPrefix(rest, form.head) {
			st.found(form, text, start)
		}
	}
	if begun {
		st.begun = append(st.begun, start)
	}
}

func (st *Stream) found(f *form, text []byte, start int) {
	end := start + len(f.head)
	if len(f.text) > len(f.head) {
		i := slices.IndexFunc(st.tails, func(t tail) bool { return t.form == f })
		if i < 0 {
			i = len(st.tails)
			st.tails = append(st.tails, tail{form: f})
		}
		if end <= st.tails[i].end {
			return // already followed
		}
		length, followed := f.follow(len(f.head), text, end)
		st.tails[i] = tail{f, length, followed}
		end = followed
	}
	st.hidden = append(st.hidden, span{start, end})
}

// emit appends the text before a place, and the marks that start up to there. It
// holds back the rest.
func (st *Stream) emit(dst, text []byte, certain int) []byte {
	slices.SortFunc(st.hidden, func(a, b span) int { return cmp.Or(a.start-b.start, a.end-b.end) })
	st.hidden = slices.Compact(st.hidden)
	at := st.covered
	for len(st.hidden) > 0 {
		s := st.hidden[0]
		if s.start >= at {
			if s.start > certain {
				break
			}
			dst = append(append(dst, text[at:s.start]...), Mark...)
		}
		at = max(at, s.end)
		st.hidden = st.hidden[1:]
	}
	dst = append(dst, text[min(at, certain):certain]...)
	st.covered = max(at-certain, 0)
	st.held = append(st.held[:0], text[certain:]...)
	for i := range st.hidden {
		st.hidden[i].start -= certain
		st.hidden[i].end -= certain
	}
	for i := range st.begun {
		st.begun[i] -= certain
	}
	st.tails = slices.DeleteFunc(st.tails, func(t tail) bool { return t.length == 0 })
	for i := range st.tails {
		st.tails[i].end = 0
	}
	return dst
}
