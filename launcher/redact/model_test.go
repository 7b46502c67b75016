package redact

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// model says in the plainest code which bytes are hidden, and what is held back.
type model struct {
	forms  [][]byte
	length int // of a head
}

// after returns all output after text.
func (m model) after(text []byte) string {
	return render(text, m.spans(text), len(text)-m.held(text))
}

// held returns the length of the longest end that starts a form or its head.
func (m model) held(text []byte) (held int) {
	for n := range min(len(text), m.length-1) + 1 {
		for _, form := range m.forms {
			if n < len(form) && bytes.HasPrefix(form, text[len(text)-n:]) {
				held = n
			}
		}
	}
	return held
}

// render returns the output of a text that is certain up to a place.
func render(text []byte, hidden []place, certain int) string {
	var out strings.Builder
	at := 0
	for _, s := range hidden {
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

// spans returns the occurrences; those that overlap are joined.
func (m model) spans(text []byte) (spans []place) {
	for start := range text {
		for _, form := range m.forms {
			n := 0
			for n < len(form) && start+n < len(text) && form[n] == text[start+n] {
				n++
			}
			if n == len(form) || n >= m.length {
				spans = append(spans, place{start, start + n})
			}
		}
	}
	return join(spans)
}

func join(spans []place) (joined []place) {
	slices.SortFunc(spans, func(a, b place) int { return cmp.Compare(a.start, b.start) })
	for _, s := range spans {
		if last := len(joined) - 1; last >= 0 && joined[last].end > s.start {
			joined[last].end = max(joined[last].end, s.end)
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}

func (m model) set() *Set {
	return newSet(slices.Clone(m.forms), m.length)
}

// check compares the package with the model: byte by byte what is appended at
// each, and in whole and in chunks what there is at the end.
func (m model) check(t *testing.T, text []byte, cut *rand.Rand) {
	t.Helper()
	set := m.set()
	want := render(text, m.spans(text), len(text))
	st := set.Stream()
	require.Equal(t, want, string(st.Flush(st.Append(nil, text))), "%q in %q", m.forms, text)
	var got []byte
	for i := range text { // the same stream, begun again
		got = st.Append(got, text[i:i+1])
		if i < 300 {
			require.Equal(t, m.after(text[:i+1]), string(got), "%q in %q after %d", m.forms, text, i+1)
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
		m.checkChange(t, text, random)
	}
}

// checkChange goes on with more forms at each place in turn: what the fewer hide
// in all of the text is hidden, and what all of them hide in what was held back
// and after it.
func (m model) checkChange(t *testing.T, text []byte, random *rand.Rand) {
	t.Helper()
	fewer := model{m.forms[:random.IntN(len(m.forms))], m.length}
	one, all := fewer.set(), m.set()
	at := random.IntN(len(text) + 1)
	held := fewer.held(text[:at])
	spans := fewer.spans(text)
	for _, s := range m.spans(text[at-held:]) {
		spans = append(spans, place{s.start + at - held, s.end + at - held})
	}
	want := render(text, join(spans), len(text))
	st := one.Stream()
	got := st.Append(nil, text[:at])
	st.Change(all)
	for _, c := range text[at:] {
		got = st.Append(got, []byte{c})
	}
	require.Equal(t, want, string(st.Flush(got)), "%q, then %q in %q from %d", fewer.forms, m.forms, text, at)
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
