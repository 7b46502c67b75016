package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher/redact"
	"github.com/seed45446ece/launcher/resolve/exec"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// reportMessages says how many lines a program wrote on standard error. If show is
// set, it passes them on, without what the program wrote on standard output.
func (p *program) reportMessages(m exec.Messages, show bool) {
	if m.Lines == 0 {
		return
	}
	name := keyname.Quote(m.Program)
	p.report.Detail("program %s wrote on standard error, lines: %d", name, m.Lines)
	if !show {
		return
	}
	for line := range strings.Lines(string(withoutValues(m.Text(), m.Output()))) {
		p.report.Message(cli.LevelInfo, "program "+name+": "+strings.TrimRight(line, "\r\n"), "")
	}
}

// withoutValues redacts in a text what a program wrote on standard output.
func withoutValues(text, output []byte) []byte {
	var long, short [][]byte
	for _, value := range valuesIn(output) {
		if len(value) >= redact.MinLength {
			long = append(long, value)
		} else if len(value) > 0 {
			short = append(short, value)
		}
	}
	stream := redact.New(long).Stream()
	text = stream.Flush(stream.Append(nil, text))
	for _, value := range short { // also where it is part of a harmless word
		text = bytes.ReplaceAll(text, value, []byte(redact.Mark))
	}
	return text
}

// delimiters are around values in lines and dotenv.
const delimiters = " \t\r\n\"'"

// valuesIn returns what may be a value in a program's output: the whole, and each
// text of a JSON object, or else each line, the rest of a line after an equals sign,
// and each long word.
func valuesIn(output []byte) [][]byte {
	values := [][]byte{output}
	var object map[string]json.RawMessage
	if json.Unmarshal(output, &object) == nil {
		for _, member := range object {
			text := string(member)
			_ = json.Unmarshal(member, &text) // else it is no string
			values = append(values, []byte(text))
		}
		return values
	}
	for line := range bytes.Lines(output) {
		_, value, _ := bytes.Cut(line, []byte("="))
		values = append(values, bytes.TrimSpace(line), bytes.Trim(value, delimiters))
		for _, word := range bytes.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(delimiters+"=:,;", r) }) {
			if len(word) >= redact.MinLength {
				values = append(values, word)
			}
		}
	}
	return values
}
