// Package redact replaces secret values in a stream of bytes while it passes.
//
// It owns the forms of a value (raw, hexadecimal, base64, escaped for a URL or
// for JSON) and finds them. It ignores values shorter than MinLength, which
// would hide ordinary text. Data flows values -> Set -> Stream -> bytes. It knows
// no process, descriptor or task.
//
// Every byte of every occurrence of a form is hidden. Occurrences that overlap
// become one Mark; occurrences that only touch become one each. The output does
// not depend on how the stream was cut into chunks.
package redact

import (
	"bytes"
	"slices"
	"sort"
)

const (
	// MinLength is the shortest value that is hidden, in bytes.
	MinLength = 8
	// Mark replaces a value.
	Mark = "***"
	// headLength limits what a stream holds back. A form that is longer is hidden
	// from its first headLength bytes on, for as long as the stream goes on like
	// it, so a long key that was cut off is hidden too.
	headLength = 4096
)

// Set holds the values to hide. It does not change, so any number of streams may
// use it at the same time.
type Set struct {
	forms  []*form // sorted by text
	filter *filter
}

// New returns the set of these values. It ignores those shorter than MinLength.
// It keeps the forms of the values, about 18 times their size.
func New(values [][]byte) *Set {
	var texts [][]byte
	for _, value := range values {
		if len(value) >= MinLength {
			addForms(value, func(text []byte) { texts = append(texts, bytes.Clone(text)) })
		}
	}
	return newSet(texts, headLength)
}

func newSet(texts [][]byte, headLength int) *Set {
	texts = slices.DeleteFunc(texts, func(text []byte) bool { return len(text) < MinLength })
	slices.SortFunc(texts, bytes.Compare)
	s := &Set{}
	for i, text := range texts {
		if i+1 < len(texts) && isCovered(text, texts[i+1], headLength) {
			continue
		}
		s.forms = append(s.forms, newForm(text, headLength))
	}
	s.filter = newFilter(s.forms)
	return s
}

// isCovered reports whether a form hides whatever a shorter one does: it begins
// with that, and both are hidden from their heads on or are equal.
func isCovered(shorter, form []byte, headLength int) bool {
	return bytes.HasPrefix(form, shorter) && (len(shorter) >= headLength || len(form) == len(shorter))
}

// startingWith returns the forms that start with a text.
func (s *Set) startingWith(text []byte) []*form {
	first := sort.Search(len(s.forms), func(i int) bool { return bytes.Compare(s.forms[i].text, text) >= 0 })
	last := first
	for last < len(s.forms) && bytes.HasPrefix(s.forms[last].text, text) {
		last++
	}
	return s.forms[first:last]
}
