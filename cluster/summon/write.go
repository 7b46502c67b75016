package summon

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/cluster/taskfile"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// execSource is the declaration of a provider.
type execSource struct {
	Command        []string `json:"command"`
	Secrets        any      `json:"secrets"`
	EmptyIsMissing bool     `json:"empty_is_missing,omitempty"`
}

// defaultKey is a key that has a default.
type defaultKey struct {
	Key     string `json:"key"`
	Name    string `json:"name"`
	Default string `json:"default"`
}

// write returns the task, below comments that say how to run it.
func write(origin, provider string, secrets []secret) ([]byte, error) {
	files := slices.ContainsFunc(secrets, func(s secret) bool { return s.file })
	renamed := nameFiles(secrets)
	if err := checkVariables(origin, secrets); err != nil {
		return nil, err
	}
	var text []byte
	for _, source := range append(sources(provider, secrets, false, files), sources(provider, secrets, true, false)...) {
		var err error
		if text, err = taskfile.Add("the task", text, source, azure.Clouds{}); err != nil {
			return nil, err
		}
	}
	return append([]byte(comment(origin, files, renamed)), text...), nil
}

// nameFiles removes _FILE from the end of the key of a !file, as --file-env adds it
// to every key. It returns the entries whose variable gets another name than summon's.
func nameFiles(secrets []secret) (renamed []secret) {
	keys := map[string]bool{}
	for _, s := range secrets {
		keys[s.key] = true
	}
	for i, s := range secrets {
		if !s.file {
			continue
		}
		short, ok := strings.CutSuffix(s.key, "_FILE")
		if ok && keyname.Check(short) == nil && !keys[short] {
			keys[short] = true
			secrets[i].key = short
		} else {
			renamed = append(renamed, s)
		}
	}
	return renamed
}

// variable returns the name of a key's variable. A shell name has no hyphens and dots.
func variable(key string) string { return strings.NewReplacer("-", "_", ".", "_").Replace(key) }

// checkVariables refuses a variable of the file that --file-env would replace by a
// path.
func checkVariables(origin string, secrets []secret) error {
	var problems document.Problems
	paths := map[string]string{}
	for _, s := range secrets {
		if s.file {
			paths[variable(s.key)+"_FILE"] = s.key
		}
	}
	for _, s := range secrets {
		if other, ok := paths[variable(s.key)]; ok && !s.file {
			problems.Add(document.Position{Origin: origin, Line: s.line, Column: 1}, "rename one of them", "variable %s is needed for the file of %q", s.key, other)
		}
	}
	return problems.Err()
}

// sources returns what answers for the entries that are files, or for the others.
func sources(provider string, secrets []secret, files, env bool) (all []taskfile.Source) {
	if !strings.Contains(provider, "/") {
		provider = Folder + provider
	}
	paths, values, defaults := map[string]string{}, map[string]string{}, []defaultKey{}
	for _, s := range secrets {
		switch {
		case s.file != files:
		case s.variable && s.fallback != "":
			defaults = append(defaults, defaultKey{s.key, s.text, s.fallback})
		case s.variable:
			paths[s.key] = s.text
		case s.text == "":
			values[s.key] = s.fallback
		default:
			values[s.key] = s.text
		}
	}
	if len(paths) > 0 {
		all = append(all, taskfile.Source{Kind: task.Exec, Source: execSource{[]string{provider}, paths, false}, Env: env})
	}
	if len(defaults) > 0 {
		all = append(all, taskfile.Source{Kind: task.Exec, Source: execSource{[]string{provider}, defaults, true}, Env: env})
	}
	if len(values) > 0 {
		all = append(all, taskfile.Source{Kind: task.Inline, Source: values, Env: env})
	}
	return all
}

// comment returns the lines that say how to run the task.
func comment(origin string, files bool, renamed []secret) string {
	head := "# From " + keyname.Plain(origin) + " of summon. Run it with\n"
	if !files {
		return head + "#   launcher run --task FILE --deliver env -- COMMAND\n"
	}
	var exports, lines strings.Builder
	for _, s := range renamed {
		name := variable(s.key)
		fmt.Fprintf(&exports, ` %s="$%s_FILE"`, name, name)
		fmt.Fprintf(&lines, "# Line %d: summon has the path of the file in %s, the launcher in %s_FILE.\n", s.line, s.key, name)
	}
	command := "COMMAND"
	if exports.Len() > 0 {
		command = "sh -c 'export" + exports.String() + `; exec "$@"' sh COMMAND`
	}
	return head + "#   launcher run --task FILE --deliver files --file-env -- " + command + "\n" + lines.String()
}
