package main

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/seed45446ece/launcher/resolve"
)

// veiled stands in a message for what was a value.
const veiled = "[secret]"

// minVeiled is the shortest value that is looked for inside words, in bytes:
// a shorter one is in most messages by chance.
const minVeiled = 4

// veil hides values in text that others wrote: a server's message may repeat
// what it was sent, as an admission webhook's does.
type veil struct{ forms []string }

// add hides a value in every form that a message may have it in.
func (v *veil) add(value resolve.Value) {
	text := string(value.Reveal())
	quoted, _ := json.Marshal(text) // strings have no way to fail
	for _, form := range []string{
		text, strings.Trim(string(quoted), `"`), strings.Trim(strconv.Quote(text), `"`),
		base64.StdEncoding.EncodeToString([]byte(text)), base64.URLEncoding.EncodeToString([]byte(text)),
		base64.RawStdEncoding.EncodeToString([]byte(text)),
	} {
		if form != "" && !slices.Contains(v.forms, form) {
			v.forms = append(v.forms, form)
		}
	}
	slices.SortFunc(v.forms, func(a, b string) int { return len(b) - len(a) }) // the longer one may hold the shorter
}

// over is a text without the values.
func (v *veil) over(text string) string {
	for _, form := range v.forms {
		if len(form) >= minVeiled {
			text = strings.ReplaceAll(text, form, veiled)
			continue
		}
		words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n\"'`:=,;()[]{}", r) })
		if slices.Contains(words, form) {
			return "a message that is not shown, as a value is in it"
		}
	}
	return text
}
