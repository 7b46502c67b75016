package stores_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// store is a store that a test can fill and read.
type store struct {
	heading string   // of its section in the page
	swap    string   // another program with the same store and section
	needs   []string // programs
	slow    bool     // ".ci/stores" does not install it
	plain   bool     // the test keeps its values as plain text

	// open starts the store with these values, by the name that its program knows,
	// and sets the environment of the program.
	open func(t *testing.T, p *place, values map[string]string)

	name   func(value string) string // the identifier of a value of the table; nil for its key
	lacks  string                    // values that it cannot hold, in the order of the table
	drops  bool                      // its program does not tell a final newline from none
	faults []fault
}

// fault is something that goes wrong between the program and its store.
type fault struct {
	column string            // of the table
	env    []string          // the program's, beside the place's
	swap   map[string]string // arguments of the command
	absent bool              // ask for an identifier that the store lacks
	spoil  func(t *testing.T, p *place)
}

// place is where a store's programs run: a folder that is their home, and an
// environment.
type place struct {
	dir string
	env []string
}

// newPlace returns a place with a short path, as gpg-agent's socket needs it.
func newPlace(t *testing.T) *place {
	t.Helper()
	dir, err := os.MkdirTemp("", "store-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &place{dir: dir, env: []string{
		"PATH=" + launchertest.Folder() + ":" + tools() + ":" + os.Getenv("PATH"),
		"HOME=" + dir, "LANG=C.UTF-8", "TMPDIR=" + dir,
	}}
}

// command returns a script of Bash in the place, with more variables.
func (p *place) command(script string, env ...string) *exec.Cmd {
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir, cmd.Env = p.dir, append(append([]string{}, p.env...), env...)
	return cmd
}

// must runs a script that has to succeed.
func (p *place) must(t *testing.T, script, stdin string) string {
	t.Helper()
	cmd := p.command(script)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", script, out)
	return string(out)
}

// write writes a file of the place.
func (p *place) write(t *testing.T, name, text string) string {
	t.Helper()
	return launchertest.WriteFile(t, filepath.Join(p.dir, name), text)
}

// job writes the program that a recipe starts: it prints secrets in base64.
func (p *place) job(t *testing.T, keys ...string) {
	t.Helper()
	p.write(t, "job", "#!/bin/sh\nexec probe secrets "+strings.Join(keys, " ")+"\n")
	require.NoError(t, os.Chmod(filepath.Join(p.dir, "job"), 0o700))
}

// serve starts a server that ends with the test, and waits until it answers.
func (p *place) serve(t *testing.T, address, script string) {
	t.Helper()
	cmd := p.command("exec " + script)
	log, err := os.Create(filepath.Join(p.dir, "server.log"))
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	launchertest.Eventually(t, script+" does not answer", func() bool {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			_ = connection.Close()
		}
		return err == nil
	})
}

// freeAddress returns an address on loopback that nobody listens on. Its host is of
// this process alone, so that nobody takes the port.
func freeAddress(t *testing.T) string {
	t.Helper()
	pid := os.Getpid()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.%d.%d.%d:0", 1+pid>>16, pid>>8&255, pid&255))
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// nowhere is an address that refuses connections.
const nowhere = "http://127.0.0.1:1"

// available skips the test of a store whose program is missing.
func (s store) available(t *testing.T) {
	t.Helper()
	if os.Getenv("LAUNCHER_TEST_STORES") == "" { // other versions have other statuses
		launchertest.Lacks(t, "programs of stores (LAUNCHER_TEST_STORES=FOLDER)", "the recipes of docs/stores.md")
	}
	for _, program := range s.needs {
		if _, err := os.Stat(filepath.Join(tools(), program)); err == nil {
			continue
		}
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		untested := "the recipe for " + s.title() + " (.ci/stores)"
		if s.slow {
			t.Skipf("lacks: %s: %s", program, untested)
		}
		launchertest.Lacks(t, program, untested)
	}
}
