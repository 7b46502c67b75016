// Package redact replaces secret values in a stream of bytes while it passes.
//
// It owns what counts as a value (its forms: as it is, base64, escaped for a
// URL or for JSON), and the automaton that finds them. It refuses values of
// less than MinLength bytes, which would hide ordinary text. Data flows values
// -> Set -> Stream -> bytes. It knows no process, descriptor or task.
//
// Every byte of every occurrence of a form is hidden: occurrences that overlap,
// or lie in one another, become one Mark together, those that only touch one
// each. What comes out does not depend on how the stream was cut.
package redact

const (
	// MinLength is the bytes that a value needs to be hidden.
	MinLength = 8
	// Mark stands where a value was.
	Mark = "***"
	// headLength is the bytes of a form that have to be there before any of them
	// is hidden. A longer form is hidden from there on for as long as the stream
	// goes on as it does, so that the first 5,000 bytes of a long key are hidden
	// too, and no more than this is ever held back.
	headLength = 4096
)

// Set is the values that are hidden. It does not change, and any number of
// streams may use it at the same time.
type Set struct {
	heads  *heads
	tails  *tails
	filter *filter
}

// New is the set of these values, but for those shorter than MinLength. The
// values are not kept, their forms are: two bytes or so for each byte of a form
// of a long value, ten for each of the first 4,096.
func New(values [][]byte) *Set {
	s := newSet(headLength)
	for _, value := range values {
		if len(value) >= MinLength {
			forms(value, s.add)
		}
	}
	return s.finish()
}

// newSet is an empty set to add forms to.
func newSet(headLength int) *Set {
	heads := newHeads(headLength)
	return &Set{heads, newTails(heads), nil}
}

// add adds a form, which is not kept.
func (s *Set) add(form []byte) {
	if len(form) < MinLength {
		return
	}
	head := s.heads.insert(form)
	if length := s.heads.length; len(form) > length {
		s.tails.insert(head, form[length:])
	}
}

func (s *Set) finish() *Set {
	s.filter = newFilter(s.heads.branches, s.heads.least)
	s.heads.link()
	s.tails.link()
	return s
}
