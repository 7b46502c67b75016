//go:build linux

package tmpfs_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// where is a handler that says where its files are before it goes on.
const where = `dir=${LAUNCHER_CONTEXT#*:}; case $LAUNCHER_CONTEXT in unix:*) dir=${dir%/socket};; esac; echo "$dir"; `

func TestFilesAreTheHandlersAlone(t *testing.T) {
	c := launchertest.Start(t, launchertest.Command("launcher", "run", "--deliver", "files", "-s", "inline={'KEY-a.b': 'x', 'EMPTY': ''}", "--", "sh", "-c", where+"read wait"))
	dir := c.Line()
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700)|os.ModeDir, info.Mode())
	var fs unix.Statfs_t
	require.NoError(t, unix.Statfs(dir, &fs))
	require.EqualValues(t, unix.TMPFS_MAGIC, fs.Type)
	for name, text := range map[string]string{
		"KEY-a.b": "x", "EMPTY": "",
		"context.json": `{"version":1,"metadata":{"name":"","uid":"","project":"","iteration":0,"labels":{},"annotations":{}},` +
			`"spec":{"parameters":{},"inputs":{}},"secrets_files":{"EMPTY":"EMPTY","KEY-a.b":"KEY-a.b"}}`,
	} {
		info, err := os.Lstat(dir + "/" + name)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o400), info.Mode())
		require.Equal(t, text, launchertest.ReadFile(t, dir+"/"+name))
	}
	launchertest.RequireValid(t, launchertest.Schema(t), launchertest.ReadFile(t, dir+"/context.json"))
	c.Signal(unix.SIGTERM)
	c.Wait()
	require.NoDirExists(t, dir)
}

// TestTheDirectoryGoesOnEveryWayOut is each end that a handler or a launcher can
// have, with what the handler made in it.
func TestTheDirectoryGoesOnEveryWayOut(t *testing.T) {
	for name, c := range map[string]struct {
		flags   []string
		handler string // "" for a command that does not exist
		signal  unix.Signal
		status  int
	}{
		"status 0":                   {nil, where, 0, 0},
		"another status":             {nil, where + "exit 7", 0, 7},
		"killed":                     {nil, where + "kill -9 $$", 0, 137},
		"TERM":                       {nil, where + "exec sleep 1000", unix.SIGTERM, 143},
		"INT":                        {nil, "trap 'exit 3' INT; " + where + "while :; do sleep 0.01; done", unix.SIGINT, 3},
		"grace is over":              {[]string{"--grace", "50ms"}, "trap '' TERM; " + where + "while :; do sleep 0.01; done", unix.SIGTERM, 137},
		"more in it":                 {nil, where + "mkdir $dir/a; touch $dir/a/b; ln -s /etc $dir/c; chmod 0 $dir/a", 0, 0},
		"it is gone":                 {nil, where + "rm -r $dir", 0, 0},
		"a daemon in it":             {nil, where + "cd $dir; (setsid sleep 1000 >/dev/null 2>&1 &)", 0, 0},
		"a missing secret":           {[]string{"-s", "env=NOT_SET"}, where, 0, 125},
		"a bad task":                 {[]string{"-s", "nothing"}, where, 0, 125},
		"a secret that has no file":  {[]string{"-s", "inline={'context.json': 'x'}"}, where, 0, 125},
		"no such command":            {nil, "", 0, 127},
		"files are no files of task": {[]string{"--task", "/not/there"}, where, 0, 125},
	} {
		for _, deliver := range []string{"files", "socket"} {
			if deliver == "socket" && name == "a secret that has no file" {
				continue
			}
			for _, pid1 := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/PID 1 %t", name, deliver, pid1), func(t *testing.T) {
					memory := launchertest.NewMemory(t)
					args := append([]string{"launcher", "run", "--deliver", deliver, "-s", "inline={'KEY': 'x'}"}, c.flags...)
					args = append(args, "--", "sh", "-c", c.handler)
					if c.handler == "" {
						args[len(args)-3] = "/not/there"
					}
					run := launchertest.Start(t, memory.Command(pid1, args...))
					if c.signal != 0 {
						require.DirExists(t, string(memory)+strings.TrimPrefix(run.Line(), "/dev/shm"))
						run.Signal(c.signal)
					}
					status, _ := run.End()
					require.Equal(t, c.status, status, run.Messages())
					memory.RequireEmpty(t)
				})
			}
		}
	}
}

// TestTheDirectoryGoesWithTermWhileResolving ends a launcher that reads its task.
func TestTheDirectoryGoesWithTermWhileResolving(t *testing.T) {
	for _, deliver := range []string{"files", "socket"} {
		memory := launchertest.NewMemory(t)
		launchertest.RequireEnded(t, memory.Command(false, "launcher", "run", "--deliver", deliver, "--task", "-", "--", "echo", "started"), syscall.SIGTERM)
		memory.RequireEmpty(t)
	}
}

// covered is a container whose places in memory are these mounts, one command
// each. The launcher's own file may be below one of them, and is open.
func covered(mounts string, args ...string) *exec.Cmd {
	program := launchertest.Command(args...)
	cmd := launchertest.Command(append([]string{"sh", "-c", `exec 9<"$1"; shift; ` + mounts + `; exec /proc/self/fd/9 "$@"`, "sh"}, program.Args...)...)
	cmd.SysProcAttr = launchertest.PIDNamespace()
	cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWNS
	return cmd
}

func TestFilesNeedMemory(t *testing.T) {
	if _, err := launchertest.StartAsPID1(t, "true").End(); err != "" {
		return
	}
	const onDisk = "for dir in /dev/shm /run /tmp; do mount --bind /etc $dir || exit 99; done"
	for name, c := range map[string]struct{ mounts, message string }{
		"on a disk": {onDisk, "launcher: cannot make a directory in memory: /dev/shm: is not on tmpfs; /run: is not on tmpfs; /tmp: is not on tmpfs\n" +
			"hint: mount a tmpfs at /dev/shm (in Kubernetes, an emptyDir with medium: Memory), or use --deliver stdin, which carries every value\n"},
		"read only": {onDisk + "; mount -t tmpfs -o ro none /dev/shm", "launcher: cannot make a directory in memory: /dev/shm: read-only file system; "},
		"full": {onDisk + "; mount -t tmpfs -o size=16k none /dev/shm", `launcher: secret "KEY": files: no space left on device` + "\n" +
			"hint: make /dev/shm larger (in Docker, --shm-size), or use --deliver stdin, which carries every value\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := launchertest.Finish(t, covered(c.mounts, "launcher", "run", "--deliver", "files", "-s", "inline={'KEY': '"+strings.Repeat("x", 100_000)+"'}", "--", "echo", "started"))
			require.Equal(t, 125, got.Status, got.Stderr)
			require.Empty(t, got.Stdout)
			require.Contains(t, got.Stderr, c.message)
		})
	}
	small := launchertest.Finish(t, covered(onDisk+"; mount -t tmpfs none /run", "launcher", "run", "--deliver", "files", "--", "sh", "-c", where))
	require.Contains(t, small.Stdout, "/run/launcher-", small.Stderr)
}

// TestFilesWhateverTheUmask is one that takes all from the launcher's own user.
func TestFilesWhateverTheUmask(t *testing.T) {
	for _, deliver := range []string{"files", "socket"} {
		cmd := launchertest.Command("sh", "-c", `umask 0777; exec "$@"`, "sh", "launcher", "run", "--deliver", deliver, "-s", "inline={'KEY': 'x'}", "--",
			"sh", "-c", where+`stat -c %a "$dir"; umask; probe secret KEY`)
		if os.Getuid() == 0 {
			cmd.SysProcAttr = launchertest.AsUser(65534)
		}
		got := launchertest.Finish(t, cmd)
		_, rest, _ := strings.Cut(got.Stdout, "\n")
		require.Equal(t, "700\n0777\nx", rest, got.Stderr)
	}
}

func TestFilesOfAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "--user with files and socket")
	}
	for _, deliver := range []string{"files", "socket"} {
		got := launchertest.Run(t, nil, "", "run", "--user", "65534:65534", "--deliver", deliver, "-s", "inline={'KEY': 'x'}", "--",
			"sh", "-c", where+`stat -c %u:%a "$dir"; umask 0777; probe secret KEY`)
		dir, rest, _ := strings.Cut(got.Stdout, "\n")
		require.Equal(t, "65534:700\nx", rest, got.Stderr)
		require.Zero(t, got.Status)
		require.NoDirExists(t, dir)
	}
}

// TestUserNeedsADirectoryThatNobodyCanReplace is an emptyDir in memory, which has
// no sticky bit, and a directory of another user.
func TestUserNeedsADirectoryThatNobodyCanReplace(t *testing.T) {
	launchertest.NeedsRoot(t, "--user")
	const nowhereElse = `exec 9<"$(command -v launcher)" && mount --bind /etc /run && mount --bind /etc /tmp && `
	for _, change := range []string{"chmod 0777 /dev/shm", "chown 4242 /dev/shm", "chmod 0775 /dev/shm"} {
		for _, deliver := range []string{"files", "socket"} {
			memory := launchertest.NewMemory(t)
			got := launchertest.Finish(t, memory.AsRoot(nowhereElse+change+` && exec /proc/self/fd/9 run --user 4242 --deliver `+deliver+` -s "inline={'KEY': 'x'}" -- echo started`))
			require.Equal(t, 125, got.Status, got.Stderr)
			require.Empty(t, got.Stdout)
			require.Contains(t, got.Stderr, "launcher: cannot make a directory in memory: /dev/shm: other users can rename what is in it (writable without the sticky bit, or owned by another user); ")
			require.Contains(t, got.Stderr, "\nhint: mount a tmpfs of mode 1777 at /dev/shm, or remove")
			memory.RequireEmpty(t)

			own := launchertest.Finish(t, memory.AsRoot(change+` && exec launcher run --deliver `+deliver+` -s "inline={'KEY': 'x'}" -- probe secret KEY`))
			require.Equal(t, launchertest.Result{Stdout: "x"}, own, "without --user nothing is given away")
			memory.RequireEmpty(t)
		}
	}
}

// TestUserNeedsTheRightToGiveADirectory is root with fewer capabilities.
func TestUserNeedsTheRightToGiveADirectory(t *testing.T) {
	launchertest.NeedsRoot(t, "--user")
	setpriv := launchertest.Needs(t, "setpriv", "files and socket without CAP_CHOWN")
	for _, capability := range []string{"-chown", "-dac_override"} {
		for _, deliver := range []string{"files", "socket"} {
			memory := launchertest.NewMemory(t)
			got := launchertest.Finish(t, memory.AsRoot(`exec `+setpriv+` --bounding-set `+capability+` launcher run --user 4242 --deliver `+deliver+` -- echo started`))
			require.Equal(t, launchertest.Result{Status: 125, Stderr: "launcher: --user 4242:4242: the launcher cannot give it a directory: operation not permitted\n" +
				"hint: give the container CAP_CHOWN and CAP_DAC_OVERRIDE, or use --deliver stdin\n"}, got)
			memory.RequireEmpty(t)
		}
		got := launchertest.Finish(t, launchertest.NewMemory(t).AsRoot(`exec `+setpriv+` --bounding-set `+capability+` launcher run --user 4242 -s "inline={'KEY': 'x'}" -- probe secret KEY`))
		require.Equal(t, launchertest.Result{Stdout: "x"}, got)
	}
}

// TestFilesAreDeletedWhereverTheHandlerMovesThem is a handler that owns the
// directory, and so can rename it.
func TestFilesAreDeletedWhereverTheHandlerMovesThem(t *testing.T) {
	for _, replace := range []string{"", "; ln -s /etc $dir", "; mkdir $dir; touch $dir/mine"} {
		memory := launchertest.NewMemory(t)
		got := launchertest.Finish(t, memory.Command(false, "launcher", "run", "--deliver", "files", "-s", "inline={'KEY': 'canary-value'}", "--",
			"sh", "-c", where+"mv $dir /dev/shm/moved"+replace))
		require.Zero(t, got.Status, got.Stderr)
		require.Contains(t, got.Stderr, "launcher: warning: directory /dev/shm/launcher-")
		require.Contains(t, got.Stderr, "was not deleted: it was moved away; its files are deleted\n")
		memory.RequireNoValue(t, "canary-value")
		require.NoFileExists(t, string(memory)+"/moved/KEY")
	}
}
