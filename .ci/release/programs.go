package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// binary is a program for one platform.
type binary struct {
	platform
	program, path string
}

// name returns the start of the names of the files that have this program.
func (b binary) name(version string) string {
	return fmt.Sprintf("%s_%s_%s", b.program, version, b.file())
}

// environ returns the variables that a build depends on. The user's could change the
// bytes. MAKEFLAGS comes from the make that started this program.
func environ(os, arch string) []string {
	return []string{
		"GOOS=" + os, "GOARCH=" + arch, "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off", "GOFIPS140=off",
		"GOAMD64=v1", "GOARM64=v8.0", "GOARM=7", "GORISCV64=rva20u64", "MAKEFLAGS=", "MAKELEVEL=",
	}
}

// compile builds programs for a platform as "make build launcherctl" does.
func (r *release) compile(p platform) error {
	args := []string{"COMMIT=" + r.hash[:12], "VERSION=" + r.version, "launcherctl"}
	if slices.Contains(p.programs, "launcher") {
		args = append(args, "build")
	}
	return r.command(r.src, environ(p.os, p.arch), "make", args...)
}

// writePages has this platform's programs print their manual pages and completion
// scripts.
func (r *release) writePages() error {
	if err := r.compile(platform{runtime.GOOS, runtime.GOARCH, both}); err != nil {
		return err
	}
	r.pages = map[string]string{}
	for _, program := range both {
		for page, args := range map[string][]string{
			program + ".1":    {"man", r.time.Format(time.DateOnly)},
			program + ".bash": {"completion", "bash"},
			program + ".fish": {"completion", "fish"},
		} {
			text, err := output(r.ctx, r.src, filepath.Join(r.src, "build", program), args...)
			if err != nil {
				return err
			}
			r.pages[page] = text + "\n"
		}
		r.pages["_"+program] = zshPage(program, r.pages[program+".bash"])
	}
	return nil
}

// zshPage returns a file for zsh's fpath. zsh runs it as the function _PROGRAM at the
// first completion; the script replaces that function, and is called for this one.
func zshPage(program, bash string) string {
	return "#compdef " + program + "\nautoload -Uz bashcompinit && bashcompinit\n" + bash + "_bash_complete -o default -F _" + program + "\n"
}

// buildPrograms builds every program for every platform.
func (r *release) buildPrograms() error {
	for _, p := range r.platforms {
		fmt.Println("  " + p.os + "/" + p.arch)
		if err := r.compile(p); err != nil {
			return err
		}
		for _, program := range p.programs {
			b := binary{p, program, filepath.Join(r.work, p.file(), program+p.suffix())}
			if err := os.MkdirAll(filepath.Dir(b.path), 0o755); err != nil {
				return err
			}
			if err := os.Rename(filepath.Join(r.src, "build", program), b.path); err != nil {
				return err
			}
			r.binaries = append(r.binaries, b)
		}
	}
	return nil
}
