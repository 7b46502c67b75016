package mutation

import (
	"bytes"
	"math/rand/v2"
)

// mistake changes a text near a place: the bytes from an offset to another are
// replaced. A from of -1 is that it does not apply there.
type mistake struct {
	name  string
	apply func(random *rand.Rand, text []byte, place int) (from, to int, changed []byte)
}

// mutations are the mistakes that people make.
var mutations = []mistake{
	{"drop the blank after a colon", dropBlank},
	{"drop a blank", func(_ *rand.Rand, text []byte, place int) (int, int, []byte) { return drop(text, place, " ") }},
	{"drop a line end", func(_ *rand.Rand, text []byte, place int) (int, int, []byte) { return drop(text, place, "\n") }},
	{"drop a quote", func(_ *rand.Rand, text []byte, place int) (int, int, []byte) { return drop(text, place, `'"`) }},
	{"drop punctuation", func(_ *rand.Rand, text []byte, place int) (int, int, []byte) { return drop(text, place, ":,={}[]-") }},
	{"drop a character", func(_ *rand.Rand, _ []byte, place int) (int, int, []byte) { return place, place + 1, nil }},
	{"change a quote", changeQuote},
	{"insert a line end", func(_ *rand.Rand, _ []byte, place int) (int, int, []byte) { return place, place, []byte("\n") }},
	{"insert a blank", func(_ *rand.Rand, _ []byte, place int) (int, int, []byte) { return place, place, []byte(" ") }},
	{"insert punctuation", insert},
	{"swap neighbours", swap},
	{"repeat a character", func(_ *rand.Rand, text []byte, place int) (int, int, []byte) {
		return place, place, text[place : place+1]
	}},
	{"repeat a line", repeatLine},
	{"drop a line", dropLine},
	{"repeat a part", repeatPart},
	{"cut the end off", func(_ *rand.Rand, text []byte, place int) (int, int, []byte) { return place, len(text), nil }},
	{"CR LF", crlf},
}

// next returns the offset of the first of the characters from a place on, or -1.
func next(text []byte, place int, characters string) int {
	i := bytes.IndexAny(text[place:], characters)
	if i < 0 {
		return -1
	}
	return place + i
}

func drop(text []byte, place int, characters string) (int, int, []byte) {
	i := next(text, place, characters)
	return i, i + 1, nil
}

func dropBlank(_ *rand.Rand, text []byte, place int) (int, int, []byte) {
	i := bytes.Index(text[place:], []byte(": "))
	if i < 0 {
		return -1, 0, nil
	}
	return place + i + 1, place + i + 2, nil
}

func changeQuote(random *rand.Rand, text []byte, place int) (int, int, []byte) {
	i := next(text, place, `'"`)
	return i, i + 1, []byte{"'\"` "[random.IntN(4)]}
}

func insert(random *rand.Rand, _ []byte, place int) (int, int, []byte) {
	const characters = `:,=#'"{}[]-&*!|>\$@%`
	return place, place, []byte{characters[random.IntN(len(characters))]}
}

func swap(_ *rand.Rand, text []byte, place int) (int, int, []byte) {
	if place+2 > len(text) {
		return -1, 0, nil
	}
	return place, place + 2, []byte{text[place+1], text[place]}
}

// line returns the range of the line of a place, with its line end.
func line(text []byte, place int) (from, to int) {
	from = bytes.LastIndexByte(text[:place], '\n') + 1
	if i := bytes.IndexByte(text[place:], '\n'); i >= 0 {
		return from, place + i + 1
	}
	return from, len(text)
}

func repeatLine(_ *rand.Rand, text []byte, place int) (int, int, []byte) {
	from, to := line(text, place)
	return to, to, text[from:to]
}

func dropLine(_ *rand.Rand, text []byte, place int) (int, int, []byte) {
	from, to := line(text, place)
	return from, to, nil
}

func repeatPart(random *rand.Rand, text []byte, place int) (int, int, []byte) {
	to := min(place+1+random.IntN(40), len(text))
	return to, to, text[place:to]
}

func crlf(_ *rand.Rand, text []byte, place int) (int, int, []byte) {
	i := next(text, place, "\n")
	return i, i + 1, []byte("\r\n")
}
