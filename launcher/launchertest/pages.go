package launchertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Block is a fenced block of a Markdown page.
type Block struct {
	Language, Text string
	File           string // the name in backquotes with which the line before the block begins, or ends before a colon
}

// Blocks returns the fenced blocks of a page.
func Blocks(page string) []Block {
	fence := regexp.MustCompile("(?ms)(?:^(?:[^\n]*`([\\w-]+(?:\\.[\\w-]+)+)`:|`([\\w-]+(?:\\.[\\w-]+)+)`[^\n]*)\n\n)?^```([a-z]*)\n(.*?)^```$")
	var blocks []Block
	for _, found := range fence.FindAllStringSubmatch(page, -1) {
		blocks = append(blocks, Block{File: found[1] + found[2], Language: found[3], Text: found[4]})
	}
	return blocks
}

// WriteFiles writes the blocks that name a file into a folder.
func WriteFiles(t *testing.T, folder string, blocks []Block) {
	t.Helper()
	for _, block := range blocks {
		if block.File != "" {
			WriteFile(t, filepath.Join(folder, block.File), block.Text)
		}
	}
}

// RequireTranscripts types the commands of the page's console blocks, all in one shell in
// the folder with the programs in PATH, and compares what is printed with the page.
// UPDATE_DOCS=1 writes it into the page. Standard input is an empty file, so that the
// default delivery is that of a terminal.
func RequireTranscripts(t *testing.T, path, folder, programs string, environ []string) {
	t.Helper()
	const mark = "\f\n" // before each block
	page := ReadFile(t, path)
	script := "status=0; exec 2>&1\n"
	blocks := slices.DeleteFunc(Blocks(page), func(b Block) bool { return b.Language != "console" })
	for _, block := range blocks {
		script += "printf '\\f\\n'\n"
		for _, command := range commands(block.Text) {
			script += "printf '$ %s\\n' " + quote(command) + "\n(exit $status)\n" + command + "\nstatus=$?\n"
		}
	}
	input, err := os.Create(filepath.Join(t.TempDir(), "input"))
	require.NoError(t, err)
	defer func() { _ = input.Close() }()
	cmd := exec.Command("sh", "-c", script+"exit 0")
	cmd.Dir, cmd.Stdin = folder, input
	cmd.Env = append(environ, "PATH="+programs+":"+os.Getenv("PATH"))
	output, err := cmd.Output()
	require.NoError(t, err)
	printed := strings.Split(string(output), mark)[1:]
	require.Len(t, printed, len(blocks))
	for i, block := range blocks {
		page = strings.Replace(page, "```console\n"+block.Text, "```console\n"+printed[i], 1)
	}
	RequireGenerated(t, path, page)
}

// RequireGenerated compares a generated file with its text. UPDATE_DOCS=1 writes it.
func RequireGenerated(t *testing.T, path, text string) {
	t.Helper()
	if os.Getenv("UPDATE_DOCS") != "" {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	require.Equal(t, strings.Split(ReadFile(t, path), "\n"), strings.Split(text, "\n"), "UPDATE_DOCS=1 writes %s; read the difference", path)
}

// commands returns the lines of a console block that a user types. A line that ends in a
// backslash goes on in the next one.
func commands(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			found = append(found, strings.TrimSuffix(command, "\n"))
		} else if last := len(found) - 1; last >= 0 && strings.HasSuffix(found[last], "\\") {
			found[last] += "\n" + strings.TrimSuffix(line, "\n")
		}
	}
	return found
}

// quote returns a text as one word of a shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
