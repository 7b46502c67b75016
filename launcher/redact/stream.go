package redact

import (
	"cmp"
	"slices"
)

// Stream replaces the values of a set in one stream of bytes. Places are counted
// from the stream's start.
type Stream struct {
	set    *Set
	head   int32
	tail   int32
	before []tail // of the sets before, until they end
	now    int64  // the end of what has come
	out    int64  // the end of what was appended, be it bytes or a Mark
	hidden []span // from out on, in order, without overlaps
	held   []byte // the last bytes before chunk: those that head is
	chunk  []byte // while it is appended
	base   int64  // its place
}

// tail is a state of one set's tails.
type tail struct {
	of *tails
	at int32
}

// span is the places of hidden bytes.
type span struct{ start, end int64 }

// Stream is the state of a new stream.
func (s *Set) Stream() *Stream { return &Stream{set: s} }

// Append appends to dst what is certain once the chunk has come, and keeps
// nothing of either. What it holds back is the longest end of the stream that
// may still become a form, or its head, and is not hidden anyway: less than 4,096
// bytes, none of a line that ends as no form begins.
func (st *Stream) Append(dst, chunk []byte) []byte {
	st.chunk, st.base = chunk, st.now
	for i := 0; i < len(chunk); i++ {
		if st.head|st.tail == 0 && len(st.before) == 0 {
			i = st.set.filter.skip(chunk, i)
		}
		st.now = st.base + int64(i) + 1
		if st.step(chunk[i]) {
			dst = st.settle(dst, st.certain())
		}
		if st.set.heads.depth[st.head] == 1 && st.set.filter.start(chunk, i, min(i+1, len(chunk)-7)) > i {
			st.head = 0 // noise, which leaves it to the filter again
		}
	}
	st.now = st.base + int64(len(chunk))
	dst = st.settle(dst, st.certain())
	dst = st.copy(dst, st.certain())
	st.hold()
	return dst
}

// Flush appends what is held back, for the end of the stream. The next byte
// begins a new one.
func (st *Stream) Flush(dst []byte) []byte {
	st.base = st.now
	dst = st.settle(dst, st.now)
	dst = st.copy(dst, st.now)
	st.head, st.tail, st.before, st.held = 0, 0, nil, st.held[:0]
	return dst
}

// Change goes on with another set, and looks at what is held back again with it.
// What is certain by it, where it lacks values of the one before, comes with the
// next Append.
func (st *Stream) Change(s *Set) {
	if st.tail != 0 {
		st.before = append(st.before, tail{st.set.tails, st.tail})
	}
	tails, hidden, text := st.before, st.hidden, st.held
	st.set, st.head, st.tail, st.before, st.hidden = s, 0, 0, nil, nil
	st.now -= int64(len(text))
	for _, c := range text { // too few for a head, so for a tail
		st.now++
		st.step(c)
	}
	st.before = tails
	all := append(st.hidden, hidden...)
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	st.hidden = nil
	for _, s := range all {
		st.hide(s)
	}
	st.hold()
}

// step is one more byte; it tells whether that hid any.
func (st *Stream) step(c byte) bool {
	st.head, st.tail = st.set.tails.step(st.head, st.tail, c)
	length := int64(st.set.heads.match[st.head])
	if before := len(st.before) > 0 && st.stepBefore(c); before || st.tail != 0 {
		length = max(length, 2) // this byte, and the one before that is hidden
	}
	if length == 0 {
		return false
	}
	st.hide(span{st.now - length, st.now})
	return true
}

// stepBefore is one more byte for the tails of sets before; it tells whether one
// goes on so.
func (st *Stream) stepBefore(c byte) bool {
	for i := range st.before {
		st.before[i].at = st.before[i].of.next(st.before[i].at, c)
	}
	st.before = slices.DeleteFunc(st.before, func(t tail) bool { return t.at == 0 })
	return len(st.before) > 0
}

// hide adds a span that starts or ends behind all others.
func (st *Stream) hide(s span) {
	last := len(st.hidden) - 1
	for ; last >= 0 && st.hidden[last].end > s.start; last-- {
		s = span{min(s.start, st.hidden[last].start), max(s.end, st.hidden[last].end)}
	}
	st.hidden = st.hidden[:last+1]
	if s.start < st.out { // the Mark that was appended last stands for these too
		st.out = max(st.out, s.end)
		return
	}
	st.hidden = append(st.hidden, s)
}

// certain is the place where that begins which may become a form.
func (st *Stream) certain() int64 { return st.now - int64(st.set.heads.depth[st.head]) }

// settle appends the marks that start up to a place, and the bytes before them.
func (st *Stream) settle(dst []byte, to int64) []byte {
	for len(st.hidden) > 0 && st.hidden[0].start <= to {
		dst = append(st.copy(dst, st.hidden[0].start), Mark...)
		st.out = st.hidden[0].end
		st.hidden = st.hidden[1:]
	}
	return dst
}

// copy appends the bytes up to a place as they came.
func (st *Stream) copy(dst []byte, to int64) []byte {
	if st.out < min(to, st.base) {
		held := st.held[int64(len(st.held))-(st.base-st.out):]
		dst = append(dst, held[:min(to, st.base)-st.out]...)
		st.out = min(to, st.base)
	}
	if st.out < to {
		dst = append(dst, st.chunk[st.out-st.base:to-st.base]...)
		st.out = to
	}
	return dst
}

// hold keeps the bytes that head is, and, after Change, those that were not
// appended yet.
func (st *Stream) hold() {
	depth := int(st.now - min(st.out, st.certain()))
	if depth <= len(st.chunk) {
		st.held = append(st.held[:0], st.chunk[len(st.chunk)-depth:]...)
	} else {
		st.held = append(st.held[len(st.held)+len(st.chunk)-depth:], st.chunk...)
	}
	st.chunk = nil
}
