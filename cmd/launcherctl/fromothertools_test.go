package main_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// otherTool runs the shell blocks of a section of the page about other tools, in a
// folder that has its YAML block as a file, a script files, and a job that prints
// variables.
type otherTool struct {
	folder string
	blocks []string
	env    []string
}

func newOtherTool(t *testing.T, section, file string, variables ...string) otherTool {
	t.Helper()
	_, text, found := strings.Cut(read(t, "../../docs/from-other-tools.md"), "\n## "+section+"\n")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "\n## ")
	tool := otherTool{folder: t.TempDir()}
	for _, block := range regexp.MustCompile("(?ms)^```(yaml|sh)\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		switch {
		case block[1] == "yaml":
			tool.write(t, file, block[2])
		case strings.HasPrefix(block[2], "#!"):
			tool.write(t, "files", block[2])
		default:
			tool.blocks = append(tool.blocks, block[2])
		}
	}
	for name, value := range provided {
		tool.write(t, "store/"+name, value+"\n")
	}
	tool.write(t, "store/prod/level", "")
	tool.write(t, "job", "#!/bin/sh\nprintf '%s|' \"$"+strings.Join(variables, `" "$`)+"\"\n")
	require.Len(t, tool.blocks, 1)
	return tool
}

func (o otherTool) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(o.folder, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o700))
}

// run runs a script in the folder.
func (o otherTool) run(t *testing.T, script string) result {
	t.Helper()
	cmd := exec.Command("sh", "-ec", script)
	path := bin + ":" + filepath.Join(os.Getenv("LAUNCHER_TEST_STORES"), "bin") + ":" + os.Getenv("PATH")
	cmd.Dir, cmd.Env = o.folder, append([]string{"PATH=" + path, "HOME=" + o.folder}, o.env...)
	return finish(t, cmd)
}

func TestThePageRunsAFileOfSummon(t *testing.T) {
	tool := newOtherTool(t, "summon", "secrets.yml", "DB_PASSWORD", "LOG_LEVEL", "REGION")
	require.Equal(t, result{provided["prod/db"] + "|info|eu-1|", "", 0}, tool.run(t, tool.blocks[0]))
}

func TestThePageRunsVals(t *testing.T) {
	if storeProgram("vals") == "" {
		launchertest.Lacks(t, "vals (LAUNCHER_TEST_STORES=FOLDER)", "the page's vals")
	}
	tool := newOtherTool(t, "vals", "env.yaml", "DB_PASSWORD", "URL")
	want := result{provided["prod/db"] + "\n|https://db.example.com/app|", "", 0}
	require.Equal(t, want, tool.run(t, tool.blocks[0]))
	require.Equal(t, want, tool.run(t, "vals exec -s -f env.yaml -- ./job"))
}

// TestThePageRunsChamber has a Parameter Store on loopback.
func TestThePageRunsChamber(t *testing.T) {
	if storeProgram("chamber") == "" {
		t.Skip("lacks: chamber (LAUNCHER_TEST_STORES=FOLDER): the page's chamber")
	}
	tool := newOtherTool(t, "chamber", "exact.yaml", "DB_PASSWORD", "API_KEY")
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(map[string]any{"Parameters": []map[string]any{
			{"Name": "/app/db_password", "Value": provided["prod/db"], "Type": "SecureString", "Version": 1},
			{"Name": "/app/api-key", "Value": "one\ntwo\n", "Type": "SecureString", "Version": 1}}})
	}))
	defer store.Close()
	tool.env = []string{"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_REGION=eu-central-1", "CHAMBER_AWS_SSM_ENDPOINT=" + store.URL}
	want := result{provided["prod/db"] + "|one\ntwo\n|", "", 0}
	require.Equal(t, want, tool.run(t, tool.blocks[0]))
	require.Equal(t, want, tool.run(t, "launcher run --task exact.yaml --deliver env -- ./job"))
	require.Equal(t, want, tool.run(t, "chamber exec app -- ./job"))
}

// TestThePageRunsChamberWithJQ has a script in place of chamber.
func TestThePageRunsChamberWithJQ(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		launchertest.Lacks(t, "jq", "the page's chamber with jq")
	}
	tool := newOtherTool(t, "chamber", "exact.yaml", "DB_PASSWORD", "API_KEY")
	values := map[string]string{"db_password": "a!b`c\\\\d$\"", "api-key": "one\ntwo\n"}
	text, err := json.Marshal(values)
	require.NoError(t, err)
	tool.write(t, "values.json", string(text))
	tool.write(t, "bin/chamber", "#!/bin/sh\ntest \"$*\" = 'export app' && exec cat values.json\n")
	want := result{values["db_password"] + "|" + values["api-key"] + "|", "", 0}
	require.Equal(t, want, tool.run(t, "PATH=$PWD/bin:$PATH launcher run --task exact.yaml --deliver env -- ./job"))
	tool.write(t, "values.json", "{}")
	empty := tool.run(t, "PATH=$PWD/bin:$PATH launcher run --task exact.yaml --deliver env -- ./job")
	require.Equal(t, 125, empty.status, empty.stderr)
	require.Regexp(t, `(?s)"DB_PASSWORD" is not in.*"API_KEY" is not in`, empty.stderr)
	tool.write(t, "bin/chamber", "#!/bin/sh\nexit 1\n")
	fails := tool.run(t, "PATH=$PWD/bin:$PATH launcher run --task exact.yaml --deliver env -- ./job")
	require.Equal(t, 125, fails.status, fails.stderr)
}
