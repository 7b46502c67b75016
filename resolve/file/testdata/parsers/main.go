// Command parsers prints how each text of standard input is read by Docker's
// --env-file, by Docker Compose and by systemd's EnvironmentFile, as JSON lines.
package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/docker/cli/pkg/kvfile"
)

func main() {
	folder, err := os.MkdirTemp("", "")
	check(err)
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "env")
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for in.More() {
		var text []byte // JSON has it in base64
		check(in.Decode(&text))
		check(os.WriteFile(path, text, 0o600))
		check(out.Encode(map[string]any{"docker": docker(path), "compose": compose(string(text)), "systemd": systemd(string(text))}))
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func docker(path string) map[string]string {
	lines, err := kvfile.Parse(path, nil)
	if err != nil {
		return nil
	}
	values := map[string]string{}
	for _, line := range lines {
		key, value, _ := strings.Cut(line, "=")
		values[key] = value
	}
	return values
}

func compose(text string) map[string]string {
	values, err := dotenv.ParseWithLookup(strings.NewReader(text), func(string) (string, bool) { return "", false })
	if err != nil {
		return nil
	}
	return values
}
