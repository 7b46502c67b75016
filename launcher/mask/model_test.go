package mask

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// model is the package in the plainest words: which bytes are hidden, and what
// is held back.
type model struct {
	forms  [][]byte
	length int // of a head
}

// after is all that has been appended once text has come, and at its end.
func (m model) after(text []byte, flush bool) string {
	held := 0
	for n := range min(len(text), m.length-1) + 1 {
		for _, form := range m.forms {
			if n < len(form) && bytes.HasPrefix(form, text[len(text)-n:]) && !flush {
				held = n
			}
		}
	}
	certain := len(text) - held
	spans := m.spans(text)
	var out strings.Builder
	at := 0
	for _, s := range spans {
		if s.start > certain {
			break
		}
		out.Write(text[at:s.start])
		out.WriteString(Mark)
		at = s.end
	}
	out.Write(text[at:max(at, certain)])
	return out.String()
}

type place struct{ start, end int }

// spans is the occurrences, joined where they overlap.
func (m model) spans(text []byte) (joined []place) {
	for start := range text {
		end := 0
		for _, form := range m.forms {
			n := 0
			for n < len(form) && start+n < len(text) && form[n] == text[start+n] {
				n++
			}
			if n == len(form) || n >= m.length {
				end = max(end, start+n)
			}
		}
		last := len(joined) - 1
		switch {
		case end == 0:
		case last >= 0 && joined[last].end > start:
			joined[last].end = max(joined[last].end, end)
		default:
			joined = append(joined, place{start, end})
		}
	}
	return joined
}

func (m model) set() *Set {
	s := newSet(m.length)
	for _, form := range m.forms {
		s.add(form)
	}
	return s.finish()
}

// check compares the package with the model: byte by byte what is appended at
// each, and in whole and in chunks what there is at the end.
func (m model) check(t *testing.T, text []byte, cut *rand.Rand) {
	t.Helper()
	set := m.set()
	want := m.after(text, true)
	st := set.Stream()
	require.Equal(t, want, string(st.Flush(st.Append(nil, text))), "%q in %q", m.forms, text)
	var got []byte
	for i := range text { // the same stream, begun again
		got = st.Append(got, text[i:i+1])
		if i < 300 {
			require.Equal(t, m.after(text[:i+1], false), string(got), "%q in %q after %d", m.forms, text, i+1)
		}
	}
	require.Equal(t, want, string(st.Flush(got)))
	got = got[:0]
	for rest := text; len(rest) > 0; {
		n := min(len(rest), cut.IntN(60))
		got = st.Append(got, rest[:n])
		rest = rest[n:]
	}
	require.Equal(t, want, string(st.Flush(got)), "%q in %q", m.forms, text)
}

// TestRandomTexts has few letters, so that forms overlap, lie in one another and
// repeat themselves, and heads so short that most have a tail.
func TestRandomTexts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func(length, letters int) []byte {
		text := make([]byte, length)
		for i := range text {
			text[i] = byte('a' + random.IntN(letters))
		}
		return text
	}
	for range 3000 {
		m := model{length: 8 + random.IntN(9)}
		letters := 1 + random.IntN(3)
		period := word(1+random.IntN(12), letters)
		for range 1 + random.IntN(5) {
			form := word(8+random.IntN(8), letters)
			if random.IntN(2) == 0 { // repeats itself, but for a letter
				form = bytes.Repeat(period, 9)[:8+random.IntN(50)%(9*len(period)-7)]
				form[random.IntN(len(form))] = 'a'
			}
			m.forms = append(m.forms, form)
		}
		var text []byte
		for len(text) < 150 {
			form := m.forms[random.IntN(len(m.forms))]
			switch random.IntN(4) {
			case 0:
				text = append(text, word(random.IntN(9), letters)...)
			case 1:
				text = append(text, "no form "[:random.IntN(9)]...)
			case 2:
				text = append(text, form[random.IntN(len(form)):]...)
			default:
				text = append(text, form[:random.IntN(len(form)+1)]...)
			}
		}
		m.check(t, text, random)
	}
}

// FuzzStream takes forms as lines.
func FuzzStream(f *testing.F) {
	for _, seed := range []struct {
		forms, text string
		length      uint8
	}{
		{"password1\nword1234", "a password1234, password1 word1234", 255},
		{"aaaaaaaa", "aaaaaaaaaaaaaaaaaaaaa", 255},
		{"aaaaaaaaaaaaaaaaaaaab\naaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 9},
		{"abaababaabaababaababaab\nbaababaa", "abaababaabaababaababaabaababaabaababaab", 10},
		{"cGFzc3dvcmQx\nwYXNzd29yZD", "Authorization: Basic dXNlcjpwYXNzd29yZDE=\r\n", 255},
		{"-----BEGIN\r\n\x00\xff\xfeMII\r\n-----END", "-----BEGIN\r\n-----BEGIN\r\n\x00\xff\xfeMII\r\n-----END", 12},
	} {
		f.Add(seed.forms, []byte(seed.text), seed.length)
	}
	f.Fuzz(func(t *testing.T, forms string, text []byte, length uint8) {
		m := model{length: max(int(length), MinLength)}
		for _, form := range strings.Split(forms, "\n") {
			if len(form) >= MinLength {
				m.forms = append(m.forms, []byte(form))
			}
		}
		m.check(t, text[:min(len(text), 600)], rand.New(rand.NewPCG(uint64(len(text)), uint64(length))))
	})
}
