package manifest

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// imageLauncher is where the launcher's own image has it, and where the handler's
// image has it unless Launcher.Path says otherwise.
const imageLauncher = "/launcher"

// ownFlags are the launcher's flags that this program writes by itself, and whether a
// value follows.
var ownFlags = map[string]bool{
	"--deliver": true, "--grace": true, "--handler": true, "--azure-credentials": true, "--azure-domain": true, "--allow-exec": false,
}

// withoutLauncher returns a command as it was before this program put the launcher
// before it. A launcher at another path is the user's, or another program of that name,
// and is kept. It refuses to lose a flag that this program did not write.
func (m *merge) withoutLauncher(command []*yaml.Node) []*yaml.Node {
	if len(command) == 0 {
		return nil
	}
	runs := len(command) > 1 && command[1].Value == "run"
	ours := slices.Contains([]string{m.launch[0], programDir + "/launcher"}, command[0].Value) || runs && command[0].Value == imageLauncher
	switch {
	case ours && !runs:
		m.refuse("put the launcher's words into command, and the handler's arguments into args", "%s: the command is the launcher, without run", m.path)
		return nil
	case !ours:
		if runs && path.Base(command[0].Value) == "launcher" {
			m.warn("if it is this launcher: --launcher image --launcher-path PATH replaces it", "%s: %s of the manifest is kept as the handler's command",
				m.path, keyname.Quote(command[0].Value))
		}
		return command
	}
	end := slices.IndexFunc(command, func(n *yaml.Node) bool { return n.Value == "--" })
	if end < 0 {
		end = len(command)
	}
	if lost := m.lostFlags(command[2:end]); lost != "" {
		m.refuse("keep it with --launcher-flag, or remove it from the manifest", "%s: the launcher of the manifest has the flag %s, which would be lost", m.path, keyname.Show(lost))
	}
	return command[min(end+1, len(command)):]
}

// lostFlags returns the name of a flag that the user wrote, and that is not in the
// launcher's new command.
func (m *merge) lostFlags(flags []*yaml.Node) string {
	for i := 0; i < len(flags); i++ {
		name, _, joined := strings.Cut(flags[i].Value, "=")
		if value, own := ownFlags[name]; own {
			if value && !joined {
				i++
			}
			continue
		}
		if !slices.Contains(m.launch, flags[i].Value) {
			return name
		}
	}
	return ""
}
