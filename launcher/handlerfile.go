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
	runner       func(file, function string, quiet bool) []string
}

// languageOf knows a file by its extension. Python is also what MLRun's variable,
// "", holds, and what has module paths.
func languageOf(file string) (language, bool) {
	switch extension := filepath.Ext(file); {
	case extension == ".py", file == "", file == python.ModulePath:
		return language{"Python", []string{"python3", "python"}, python.Runner}, true
	case extension == ".js", extension == ".mjs", extension == ".cjs":
		return language{"Node.js", []string{"node", "nodejs"}, node.Runner}, true
	}
	return language{}, false
}

// SplitHandler takes FILE[:FUNCTION] apart. FUNCTION is "" if there is none, and
// FILE is "" for a name, or one after ":". For a function with its module's path,
// such as package.module.function, FILE is python.ModulePath.
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
	if _, ok := languageOf(handler); !ok && isModulePath(handler) {
		return python.ModulePath, handler
	}
	return handler, ""
}

// isModulePath reports whether the text is names joined by ".".
func isModulePath(text string) bool {
	for name := range strings.SplitSeq(text, ".") {
		if !isName(name) || name[0] >= '0' && name[0] <= '9' {
			return false
		}
	}
	return strings.Contains(text, ".")
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
// either, as MLRun does. Python finds a module by its path when it runs. If quiet, the
// runner reports only errors. It fails as Find does, and with RefusedErrors.
func FindHandler(environ resolve.Environ, handler, function string, quiet bool) (Command, error) {
	file, named := SplitHandler(handler)
	function = cmp.Or(named, functionOf(function))
	if file == python.ModulePath && readable(handler) == nil {
		file = handler // the name of a file that is in no language, such as train.sh
	}
	language, ok := languageOf(file)
	switch {
	case !ok:
		return Command{}, &CannotRunError{fmt.Sprintf("handler %q: not a .py, .js, .mjs or .cjs file", file), "run other programs as a command: launcher run -- COMMAND"}
	case file == "":
		if err := decodes(environ[task.ExecCode], function); err != nil {
			return Command{}, err
		}
	case function == "":
		return Command{}, &RefusedError{"", fmt.Sprintf("handler %q: the function's name is missing", file),
			fmt.Sprintf("use --handler FILE:FUNCTION or the task's spec.handler, or run a script as a command: launcher run -- %s %s", language.interpreters[0], file)}
	case file != python.ModulePath:
		if err := readable(file); err != nil {
			return Command{}, err
		}
	}
	shown := cmp.Or(file, function)
	if file == python.ModulePath {
		shown = handler
	}
	command, err := language.find(environ, shown, language.runner(file, function, quiet))
	switch {
	case err != nil:
		return Command{}, err
	case file == "":
		command.Needed = []string{task.ExecCode}
	default:
		command.Needless = []string{task.ExecCode}
	}
	return command, nil
}

// FindChecker returns the command that lists MLRun's names in the source of a
// Python handler. It fails as FindHandler does.
func FindChecker(environ resolve.Environ, handler string) (Command, error) {
	file, function := SplitHandler(handler)
	language, ok := languageOf(file)
	if !ok || file == "" || language.name != "Python" {
		return Command{}, &RefusedError{"", fmt.Sprintf("handler %q: only a Python file or module can be checked", handler), "use --handler FILE.py[:FUNCTION]"}
	}
	if file != python.ModulePath {
		if err := readable(file); err != nil {
			return Command{}, err
		}
	}
	return language.find(environ, handler, python.Checker(file, function))
}

// find returns the first interpreter of the language that is in PATH, with these
// arguments.
func (l language) find(environ resolve.Environ, handler string, arguments []string) (Command, error) {
	for _, interpreter := range l.interpreters {
		if command, err := Find(environ["PATH"], append([]string{interpreter}, arguments...)); err == nil {
			return command, nil
		}
	}
	return Command{}, &NotFoundError{fmt.Sprintf("handler %q: neither %s is in PATH", handler, strings.Join(l.interpreters, " nor ")), "use an image that has " + l.name}
}

// functionOf returns the function of a task's spec.handler, which may have the
// form MODULE:FUNCTION.
func functionOf(handler string) string {
	if _, function, ok := strings.Cut(handler, ":"); ok && !strings.HasPrefix(function, ":") {
		return function
	}
	return handler
}

// decodes is an error where MLRun's variable holds no source.
func decodes(code, function string) error {
	if code == "" {
		return &RefusedError{"", fmt.Sprintf("handler %q: no file is given, and variable %s is not set", function, task.ExecCode), "use --handler FILE:FUNCTION"}
	}
	if _, err := base64.StdEncoding.DecodeString(code); err != nil {
		return &RefusedError{"", "variable " + task.ExecCode + " is not base64", "set it as MLRun does, to the handler's source in base64"}
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
