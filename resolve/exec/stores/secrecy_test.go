package stores_test

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// canary is the value of the recipes' keys. No other package has it: their tests run
// at the same time.
const canary = `canary-s=6/x "é`

// requireNoCanary fails if a text holds the canary in some form.
func requireNoCanary(t *testing.T, where, text string) {
	t.Helper()
	text = strings.ToLower(text)
	for _, form := range launchertest.Forms(canary) {
		require.NotContains(t, text, strings.ToLower(form), where)
	}
}

// requireSecret looks for the canary in the arguments and environments of all
// processes, and in all files that the program could write, while the job runs.
func (s store) requireSecret(t *testing.T, p *place, r recipe) {
	t.Helper()
	if s.plain {
		return
	}
	p.write(t, "task.yaml", r.task)
	p.write(t, "job", "#!/bin/sh\necho ready\nread line <&3\n")
	for _, delivery := range deliveries {
		if delivery != "env" { // the job's environment has it
			p.requireSecret(t, r.script, delivery)
		}
	}
}

// requireSecret looks for the canary while a script waits for its job.
func (p *place) requireSecret(t *testing.T, script, delivery string) {
	t.Helper()
	control, release, err := os.Pipe()
	require.NoError(t, err)
	cmd := p.command(script, "LAUNCHER_DELIVER="+delivery)
	cmd.ExtraFiles = []*os.File{control}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)
	requireNoCanaryInProcesses(t)
	p.requireNoCanaryInFiles(t)
	_, err = release.WriteString("end\n")
	require.NoError(t, err)
	require.NoError(t, cmd.Wait())
	_, _ = release.Close(), control.Close()
}

func requireNoCanaryInProcesses(t *testing.T) {
	t.Helper()
	searched := 0
	for _, file := range []string{"environ", "cmdline"} {
		paths, err := filepath.Glob("/proc/[0-9]*/" + file)
		require.NoError(t, err)
		for _, path := range paths {
			if text, err := os.ReadFile(path); err == nil { // others come and go
				requireNoCanary(t, path, string(text))
				searched++
			}
		}
	}
	require.Greater(t, searched, 3)
}

// requireNoCanaryInFiles reads every file of the place, which is the programs' home
// and has their temporary files.
func (p *place) requireNoCanaryInFiles(t *testing.T) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(p.dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			requireNoCanary(t, path, launchertest.ReadFile(t, path))
		}
		return err
	}))
}
