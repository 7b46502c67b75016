package launcher

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/seed45446ece/launcher/handler/node"
	"github.com/seed45446ece/launcher/handler/python"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
)

// language is how the function of a source file is called: the arguments of
// the first of its interpreters that is in PATH.
type language struct {
	name         string
	interpreters []string
	runner       func(file, function string) []string
}

// languageOf knows a file by its extension; MLRun's variable, "", holds Python.
func languageOf(file string) (language, bool) {
	switch extension := filepath.Ext(file); {
	case extension == ".py", file == "":
		return language{"Python", []string{"python3", "python"}, python.Runner}, true
	case extension == ".js", extension == ".mjs", extension == ".cjs":
		return language{"Node.js", []string{"node", "nodejs"}, node.Runner}, true
	}
	return language{}, false
}

// SplitHandler takes FILE[:FUNCTION] apart. FUNCTION is "" where there is none;
// FILE is where a name alone is given, or one after ":".
func SplitHandler(handler string) (file, function string) {
	for _, extension := range []string{".py:", ".js:", ".mjs:", ".cjs:"} {
		if i := strings.LastIndex(handler, extension); i >= 0 {
			i += len(extension)
			return handler[:i-1], handler[i:]
		}
	}
	if name := strings.TrimPrefix(handler, ":"); isName(name) || name != handler {
		return "", name
	}
	return handler, ""
}

// isName reports whether the text is FUNCTION or CLASS::METHOD, and so no file.
func isName(text string) bool {
	return text != "" && strings.IndexFunc(strings.Replace(text, "::", "", 1), func(r rune) bool {
		return r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) < 0
}

// FindHandler is the command that calls a function of a source file: the
// language's interpreter, found in PATH, with a runner that this program carries
// and hands over as an argument, so that nothing is written to disk or
// installed in the image. The handler is as --handler has it, the function the
// task's, for a handler that names none. Where the handler names no file it is
// Python in MLRun's variable, which is run whole where no function is named
// either, as MLRun does. It fails as Find does, and with RefusedErrors.
func FindHandler(environ resolve.Environ, handler, function string) (Command, error) {
	file, named := SplitHandler(handler)
	function = cmp.Or(named, function)
	language, ok := languageOf(file)
	switch {
	case !ok:
		return Command{}, &CannotRunError{fmt.Sprintf("handler %q: not a .py, .js, .mjs or .cjs file", file), "run other programs as a command: launcher run -- COMMAND"}
	case file == "":
		if err := decodes(environ[task.ExecCode], function); err != nil {
			return Command{}, err
		}
	case function == "":
		return Command{}, &RefusedError{"", fmt.Sprintf("handler %q: no function is named", file), "--handler FILE:FUNCTION, or spec.handler in the task"}
	default:
		if err := readable(file); err != nil {
			return Command{}, err
		}
	}
	for _, interpreter := range language.interpreters {
		command, err := Find(environ["PATH"], append([]string{interpreter}, language.runner(file, function)...))
		if err == nil {
			if file != "" {
				command.Needless = []string{task.ExecCode}
			} else {
				command.Needed = []string{task.ExecCode}
			}
			return command, nil
		}
	}
	return Command{}, &NotFoundError{fmt.Sprintf("handler %q: neither %s is in PATH", cmp.Or(file, function), strings.Join(language.interpreters, " nor ")), "use an image that has " + language.name}
}

// decodes is an error where MLRun's variable holds no source.
func decodes(code, function string) error {
	if code == "" {
		return &RefusedError{"", fmt.Sprintf("handler %q: no file is named, and variable %s is not set", function, task.ExecCode), "--handler FILE:FUNCTION"}
	}
	if _, err := base64.StdEncoding.DecodeString(code); err != nil {
		return &RefusedError{"", "variable " + task.ExecCode + " is not base64", "it holds the handler's source as MLRun puts it there"}
	}
	return nil
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
