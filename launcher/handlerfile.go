package launcher

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed45446ece/launcher/handler/python"
)

// ErrNotBuilt marks what this version does not do yet.
var ErrNotBuilt = errors.New("not built yet")

// SplitHandler takes FILE[:FUNCTION] apart; FUNCTION is "" where there is none.
func SplitHandler(handler string) (file, function string) {
	for _, extension := range []string{".py:", ".js:", ".mjs:"} {
		if i := strings.LastIndex(handler, extension); i >= 0 {
			i += len(extension)
			return handler[:i-1], handler[i:]
		}
	}
	return handler, ""
}

// FindHandler is the command that calls a function of a source file: the
// language's interpreter, found in path, with a shim that this program carries
// and hands over as an argument, so that nothing is written to disk or
// installed in the image. It fails as Find does, and with ErrNotBuilt.
func FindHandler(path, file, function string) (Command, error) {
	switch extension := filepath.Ext(file); {
	case extension == ".js", extension == ".mjs":
		return Command{}, fmt.Errorf("--handler with a JavaScript file is %w", ErrNotBuilt)
	case extension != ".py":
		return Command{}, &CannotRunError{fmt.Sprintf("handler %q: not a .py, .js or .mjs file", file), "run other programs as a command: launcher run -- COMMAND"}
	case function == "":
		return Command{}, &RefusedError{"", fmt.Sprintf("handler %q: no function is named", file), "--handler FILE:FUNCTION, or spec.handler in the task"}
	case strings.ContainsAny(function, ":."):
		return Command{}, fmt.Errorf("--handler with a method of a class is %w", ErrNotBuilt)
	}
	if err := readable(file); err != nil {
		return Command{}, err
	}
	for _, interpreter := range []string{"python3", "python"} {
		command, err := Find(path, []string{interpreter, "-c", python.Source, file, function})
		if err == nil {
			return command, nil
		}
	}
	return Command{}, &NotFoundError{fmt.Sprintf("handler %q: neither python3 nor python is in PATH", file), "use an image that has Python"}
}

func readable(file string) error {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &NotFoundError{Message: fmt.Sprintf("handler %q: no such file", file)}
	case err != nil:
		return &CannotRunError{Message: fmt.Sprintf("handler %q: %v", file, reason(err))}
	case !info.Mode().IsRegular():
		return &CannotRunError{Message: fmt.Sprintf("handler %q: is not a regular file", file)}
	}
	return nil
}
