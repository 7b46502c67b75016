package redact

// form is one way to write a value.
type form struct {
	text []byte
	head []byte // the start of text that must be complete before any of it is hidden

	// borders holds, for each length, how long the longest shorter prefix of text
	// is that also ends a prefix of that length, as in the algorithm of Knuth,
	// Morris and Pratt. It is nil if none is as long as the head.
	borders []int32
}

func newForm(text []byte, headLength int) *form {
	f := &form{text: text, head: text[:min(len(text), headLength)]}
	if len(text) == len(f.head) {
		return f
	}
	borders, longest := make([]int32, len(text)+1), int32(0)
	for i, border := 1, int32(0); i < len(text); i++ {
		for border > 0 && text[i] != text[border] {
			border = borders[border]
		}
		if text[i] == text[border] {
			border++
		}
		borders[i+1], longest = border, max(longest, border)
	}
	if int(longest) >= headLength {
		f.borders = borders
	}
	return f
}

// follow reads on in a stream that ended like the first length bytes of a form.
// It returns how many bytes of the form the stream ends like then, and where it
// stopped. If it stopped before the end, the length is 0.
func (f *form) follow(length int, stream []byte, at int) (newLength, end int) {
	for at < len(stream) && length > 0 {
		switch {
		case length < len(f.text) && f.text[length] == stream[at]:
			length++
			at++
		case f.borders == nil || int(f.borders[length]) < len(f.head):
			length = 0
		default:
			length = int(f.borders[length])
		}
	}
	return length, at
}
