package conformance_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// workers is handlers that read their context and start three processes, each of which
// prints the secret.
var workers = []struct{ name, program, folder, file, script string }{
	{"Python spawn", "python3", "python", "handler.py", `
import multiprocessing
from launcher_context import get_context
def work():
    print(get_context().get_secret("KEY"), flush=True)
if __name__ == "__main__":
    get_context()
    processes = [multiprocessing.get_context("spawn").Process(target=work) for _ in range(3)]
    [process.start() for process in processes]
    [process.join() for process in processes]
`},
	{"Node cluster", "node", "node", "handler.cjs", `
const cluster = require("node:cluster");
const { getContext } = require(process.env.MODULES + "/launcher-context.cjs");
getContext().then(async (context) => {
  if (cluster.isPrimary) [1, 2, 3].forEach(() => cluster.fork());
  else process.stdout.write(await context.getSecret("KEY") + "\n", () => process.exit());
}).catch((error) => { console.error(error.message); process.exit(1); });
`},
}

// TestField13WorkersReadTheirContext is deliveries in which any number of processes can read
// it, and those in which the error names them.
func TestField13WorkersReadTheirContext(t *testing.T) {
	for _, w := range workers {
		t.Run(w.name, func(t *testing.T) {
			launchertest.NeedsAll(t, []string{w.program}, "worker processes of "+w.folder)
			handler := filepath.Join(t.TempDir(), w.file)
			require.NoError(t, os.WriteFile(handler, []byte(w.script), 0o600))
			for _, delivery := range []string{"files", "socket"} {
				output, err := withWorkers(t, w.folder, delivery, w.program, handler).CombinedOutput()
				require.NoError(t, err, "%s", output)
				require.Equal(t, "the value\nthe value\nthe value\n", string(output), delivery)
			}
			for _, delivery := range []string{"stdin", "fd"} {
				output, _ := withWorkers(t, w.folder, delivery, w.program, handler).CombinedOutput()
				require.Contains(t, string(output), atWork, delivery)
				require.NotContains(t, string(output), "the value", delivery)
			}
		})
	}
}

// TestField13GunicornWorkersReadTheirContext has a server whose workers import the handler.
func TestField13GunicornWorkersReadTheirContext(t *testing.T) {
	launchertest.NeedsAll(t, []string{"gunicorn"}, "worker processes of gunicorn")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.py"), []byte(`
from launcher_context import get_context
print(get_context().get_secret("KEY"), flush=True)
def app(environ, start_response):
    raise NotImplementedError
`), 0o600))
	for _, delivery := range []string{"files", "socket"} {
		command := withWorkers(t, "python", delivery, "gunicorn", "--workers", "3", "--chdir", dir, "--bind", "unix:"+filepath.Join(dir, "socket"), "app:app")
		output, err := command.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, command.Start())
		lines := bufio.NewScanner(output)
		for range 3 {
			require.True(t, lines.Scan(), delivery)
			require.Equal(t, "the value", lines.Text())
		}
		require.NoError(t, command.Process.Signal(syscall.SIGTERM))
		require.NoError(t, command.Wait())
	}
}

// withWorkers returns a handler behind the launcher that finds the module of its language.
func withWorkers(t *testing.T, folder, delivery string, handler ...string) *exec.Cmd {
	t.Helper()
	modules, err := filepath.Abs(filepath.Join("..", folder))
	require.NoError(t, err)
	args := append([]string{"run", "--deliver", delivery, "-s", `inline={"KEY": "the value"}`, "--"}, handler...)
	command := exec.CommandContext(t.Context(), filepath.Join(bin, "launcher"), args...)
	command.Env = environ("MODULES="+modules, "PYTHONPATH="+modules, "PYTHONDONTWRITEBYTECODE=1")
	return command
}
