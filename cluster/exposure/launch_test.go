package exposure

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve/document"
)

func TestTheLaunchersFlagsAreReadInEachForm(t *testing.T) {
	for text, want := range map[string]launch{
		"command: [/launcher, run, --deliver, env, --mask, --, x]":                       {found: true, deliver: "env", mask: true},
		"command: [/launcher, run, -deliver=env, --mask=1, --, x]":                       {found: true, deliver: "env", mask: true},
		"command: [/launcher, run, --mask=false, --, x, --mask]":                         {found: true, deliver: "stdin"},
		"command: [/launcher, run, -task, t.yaml, --, x]":                                {found: true, deliver: "stdin", hasTask: true, unseen: true},
		"command: [/launcher, run, --user, task, --, x]":                                 {found: true, deliver: "stdin"},
		"{command: [/launcher, run], args: [x], env: [{name: LAUNCHER_MASK, value: T}]}": {found: true, deliver: "stdin", mask: true},
		"command: [/launcher, run, --user, \"1000\", x, --task, t, --deliver, env]":      {found: true, deliver: "stdin"},
		"command: [/launcher, run, --mask, x, --deliver, env]":                           {found: true, deliver: "stdin", mask: true},
		"command: [/launcher, run, --task, \"-\", x, --mask]":                            {found: true, deliver: "stdin", hasTask: true, unseen: true},
		"command: [x, --mask]": {deliver: "stdin"},
	} {
		n, err := document.Parse("x", []byte(text))
		require.NoError(t, err)
		require.Equal(t, want, readLaunch(n), text)
	}
}
