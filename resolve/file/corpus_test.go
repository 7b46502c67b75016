package file

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/joho/godotenv"
	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// reading is how each parser reads one text of testdata/corpus.txt: nil if it
// refuses the text, a string for the value of a single key A, else a map.
type reading struct {
	Text     string `json:"text"` // as in the corpus
	Dotenv   any    `json:"dotenv"`
	Lines    any    `json:"lines"`
	Python   any    `json:"python-dotenv"`
	NPM      any    `json:"npm"`
	Godotenv any    `json:"godotenv"`
	Compose  any    `json:"compose"`
	Docker   any    `json:"docker"`
	Systemd  any    `json:"systemd"`
}

// corpus returns the texts of testdata/corpus.txt, and as they are written there.
func corpus(t *testing.T) (texts [][]byte, written []string) {
	content, err := os.ReadFile("testdata/corpus.txt")
	require.NoError(t, err)
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "//") {
			continue
		}
		text := line
		if strings.HasPrefix(line, `"`) {
			text, err = strconv.Unquote(line)
			require.NoError(t, err, line)
		}
		texts, written = append(texts, []byte(text)), append(written, line)
	}
	return texts, written
}

// storedReadings returns testdata/parsers.jsonl.
func storedReadings(t *testing.T) (readings []reading) {
	f, err := os.Open("testdata/parsers.jsonl")
	require.NoError(t, err)
	defer f.Close()
	for decoder := json.NewDecoder(f); decoder.More(); {
		var r reading
		require.NoError(t, decoder.Decode(&r))
		readings = append(readings, r)
	}
	return readings
}

// short returns the value of a single key A, or all values.
func short(values map[string]string, ok bool) any {
	value, found := values["A"]
	switch {
	case !ok:
		return nil
	case found && len(values) == 1:
		return value
	}
	all := map[string]any{}
	for key, value := range values {
		all[key] = value
	}
	return all
}

// refused holds the problems of a text, and the hint of the first.
type refused struct {
	Problems []string `json:"problems"`
	Hint     string   `json:"hint,omitempty"`
}

// ours returns how this package reads a text.
func ours(text []byte, format Format) any {
	entries, err := Parse("o", text, format)
	if err != nil {
		var hinted interface{ Hint() string }
		hint := ""
		if errors.As(err, &hinted) {
			hint = hinted.Hint()
		}
		return refused{strings.Split(err.Error(), "\n"), hint}
	}
	values := map[string]string{}
	for _, e := range entries {
		values[e.Key] = string(e.Value.Reveal())
	}
	return short(values, true)
}

// normal returns v as JSON holds it.
func normal(t *testing.T, v any) any {
	text, err := json.Marshal(v)
	require.NoError(t, err)
	var got any
	require.NoError(t, json.Unmarshal(text, &got))
	return got
}

// TestCorpus compares what Parse makes of each text with what is stored. With
// UPDATE_CORPUS=1 it stores it: read the diff.
func TestCorpus(t *testing.T) {
	texts, written := corpus(t)
	require.Greater(t, len(texts), 200)
	var readings []reading
	if os.Getenv("UPDATE_CORPUS") != "" {
		readings = askParsers(t, texts, written)
	} else {
		readings = storedReadings(t)
	}
	require.Len(t, readings, len(texts))
	for i, text := range texts {
		r := &readings[i]
		require.Equal(t, written[i], r.Text)
		dotenv, lines := normal(t, ours(text, Dotenv)), normal(t, ours(text, Lines))
		if os.Getenv("UPDATE_CORPUS") != "" {
			r.Dotenv, r.Lines = dotenv, lines
		}
		require.Equal(t, r.Dotenv, dotenv, "%s", r.Text)
		require.Equal(t, r.Lines, lines, "%s", r.Text)
	}
	if os.Getenv("UPDATE_CORPUS") != "" {
		store(t, readings)
	}
}

func store(t *testing.T, readings []reading) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for _, r := range readings {
		require.NoError(t, encoder.Encode(r))
	}
	require.NoError(t, os.WriteFile("testdata/parsers.jsonl", text.Bytes(), 0o644))
}

// TestTheCommonParsersAgreeOnWhatDotenvAccepts holds python-dotenv, dotenv of npm
// and godotenv, the most used parsers of Python, JavaScript and Go, to the value of
// each text that Parse accepts. Docker and systemd are not among them: they do not
// process quotes in the same way. Compose replaces $NAME in any letter case.
func TestTheCommonParsersAgreeOnWhatDotenvAccepts(t *testing.T) {
	accepted := 0
	for _, r := range storedReadings(t) {
		if isRefused(r.Dotenv) {
			continue
		}
		accepted++
		require.Equal(t, r.Dotenv, r.Godotenv, r.Text)
		// npm's dotenv replaces \n and \r in double quotes, and no other escape. To
		// keep \" from users who have JSON in double quotes would help nobody.
		if escape := strings.Contains(r.Text, `="`) && (strings.Contains(r.Text, `\\`) || strings.Contains(r.Text, `\"`) || strings.Contains(r.Text, `\$`)); !escape || r.NPM == r.Dotenv {
			require.Equal(t, r.Dotenv, r.NPM, r.Text)
		}
		// python-dotenv keeps \$, and replaces ${NAME} even after it and in single
		// quotes. There is no other way to write such a value.
		if dollar := strings.Contains(r.Text, `\$`) || strings.Contains(r.Text, `'`) && strings.Contains(r.Text, "${"); !dollar {
			require.Equal(t, r.Dotenv, r.Python, r.Text)
		}
	}
	require.Greater(t, accepted, 150)
}

// TestDockerAgreesOnWhatLinesAccept holds Docker's --env-file, the most used
// parser of lines without quotes, to the value of each text that Parse accepts.
func TestDockerAgreesOnWhatLinesAccept(t *testing.T) {
	accepted := 0
	for _, r := range storedReadings(t) {
		// Docker keeps the blanks around a value, and refuses them around a key. It
		// refuses text that is not UTF-8.
		if value, one := r.Docker.(string); one {
			r.Docker = strings.Trim(value, " \t")
		}
		if isRefused(r.Lines) || r.Docker == nil && strings.ContainsAny(r.Text, " \t\\") {
			continue
		}
		accepted++
		require.Equal(t, r.Lines, r.Docker, r.Text)
	}
	require.Greater(t, accepted, 250)
}

func isRefused(verdict any) bool {
	all, ok := verdict.(map[string]any)
	return ok && all["problems"] != nil
}

// TestParsersReadTheCorpusAsStored asks python-dotenv, dotenv of npm, godotenv,
// Docker, Compose and the rules of systemd.
func TestParsersReadTheCorpusAsStored(t *testing.T) {
	texts, written := corpus(t)
	stored := storedReadings(t)
	for i, r := range askParsers(t, texts, written) {
		r.Dotenv, r.Lines = stored[i].Dotenv, stored[i].Lines
		require.Equal(t, normal(t, stored[i]), normal(t, r))
	}
}

// askParsers returns how the other parsers read the texts. The first two are in
// the folder that LAUNCHER_TEST_DOTENV names: venv and node_modules. Any other
// version on the machine may read a text in another way.
func askParsers(t *testing.T, texts [][]byte, written []string) []reading {
	const untested = "env files as other parsers read them"
	folder := os.Getenv("LAUNCHER_TEST_DOTENV")
	python, node := filepath.Join(folder, "venv/bin/python"), launchertest.Needs(t, "node", untested)
	if exec.CommandContext(t.Context(), python, "-c", "import dotenv").Run() != nil {
		launchertest.Lacks(t, "python-dotenv (LAUNCHER_TEST_DOTENV=FOLDER)", untested)
	}
	modules := "NODE_PATH=" + filepath.Join(folder, "node_modules") + ":" + os.Getenv("NODE_PATH")
	if load := command(t, modules, node, "-e", `require("dotenv")`); load.Run() != nil {
		launchertest.Lacks(t, "dotenv of npm (LAUNCHER_TEST_DOTENV=FOLDER)", untested)
	}
	module := command(t, "CGO_ENABLED=0", "go", "build", "-o", filepath.Join(t.TempDir(), "parsers"), ".")
	if module.Dir = "testdata/parsers"; module.Run() != nil {
		launchertest.Lacks(t, "the modules of Docker and Compose", untested)
	}
	pythons := answers(t, texts, command(t, "", python, "testdata/parsers/python.py"))
	nodes := answers(t, texts, command(t, modules, node, "testdata/parsers/npm.js"))
	programs := answers(t, texts, command(t, "", module.Args[3]))
	readings := make([]reading, len(texts))
	for i, text := range texts {
		values, err := godotenv.UnmarshalBytes(bytes.TrimPrefix(text, bom))
		readings[i] = reading{
			Text: written[i], Python: decode(t, pythons[i]), NPM: decode(t, nodes[i]), Godotenv: short(values, err == nil),
		}
		var parts map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(programs[i], &parts))
		readings[i].Compose, readings[i].Docker, readings[i].Systemd = decode(t, parts["compose"]), decode(t, parts["docker"]), decode(t, parts["systemd"])
	}
	return readings
}

func command(t *testing.T, variable string, args ...string) *exec.Cmd {
	c := exec.CommandContext(t.Context(), args[0], args[1:]...)
	c.Env = append(os.Environ(), variable)
	return c
}

// answers returns the lines that a program prints for the texts.
func answers(t *testing.T, texts [][]byte, program *exec.Cmd) (lines [][]byte) {
	var input, problems bytes.Buffer
	for _, text := range texts {
		require.NoError(t, json.NewEncoder(&input).Encode(text))
	}
	program.Stdin, program.Stderr = &input, &problems
	output, err := program.Output()
	require.NoError(t, err, problems.String())
	scanner := bufio.NewScanner(bytes.NewReader(output))
	for scanner.Scan() {
		lines = append(lines, bytes.Clone(scanner.Bytes()))
	}
	require.Len(t, lines, len(texts))
	return lines
}

// decode reads a map of values, or null.
func decode(t *testing.T, text []byte) any {
	var values map[string]string
	require.NoError(t, json.Unmarshal(text, &values))
	return short(values, values != nil)
}
