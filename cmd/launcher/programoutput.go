package main

import (
	"bytes"
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
	for line := range strings.Lines(string(withoutValues(m.Text(), m.Values()))) {
		p.report.Message(cli.LevelInfo, "program "+name+": "+strings.TrimRight(line, "\r\n"), "")
	}
}

// delimiters are around the values in a program's output.
const delimiters = " \t\r\n=:,;\"'{}[]"

// withoutValues redacts in a text what a program wrote: the whole, its lines, the
// rest of each line after an equals sign, and its words. Short pieces are
// redacted too, even where they are harmless.
func withoutValues(text []byte, outputs [][]byte) []byte {
	pieces := map[string]bool{}
	for _, output := range outputs {
		pieces[string(output)] = true
		for line := range bytes.Lines(output) {
			line = bytes.TrimSpace(line)
			pieces[string(line)] = true
			if _, value, ok := bytes.Cut(line, []byte("=")); ok {
				pieces[strings.Trim(string(value), delimiters)] = true
			}
			for _, word := range bytes.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(delimiters, r) }) {
				pieces[string(word)] = true
			}
		}
	}
	var long [][]byte
	for piece := range pieces {
		if len(piece) >= redact.MinLength {
			long = append(long, []byte(piece))
		}
	}
	stream := redact.New(long).Stream()
	text = stream.Flush(stream.Append(nil, text))
	for piece := range pieces {
		if piece != "" && len(piece) < redact.MinLength {
			text = bytes.ReplaceAll(text, []byte(piece), []byte(redact.Mark))
		}
	}
	return text
}
