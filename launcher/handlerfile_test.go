package launcher_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher"
)

func TestAHandlerIsAFileAFunctionOrBoth(t *testing.T) {
	for handler, want := range map[string][2]string{
		"handler.py":              {"handler.py", ""},
		"handler.py:train":        {"handler.py", "train"},
		"a:b/x.mjs:Model::train":  {"a:b/x.mjs", "Model::train"},
		"/app/x.cjs:default":      {"/app/x.cjs", "default"},
		"x.py:f.py:g":             {"x.py:f.py", "g"},
		"x.js:":                   {"x.js", ""},
		"train":                   {"", "train"},
		":train":                  {"", "train"},
		"Model::train":            {"", "Model::train"},
		"größe":                   {"", "größe"},
		":":                       {"", ""},
		"task.yaml:f":             {"task.yaml:f", ""},
		"./train":                 {"./train", ""},
		"a:b":                     {"a:b", ""},
		"package.module.function": {"-m", "package.module.function"},
		"module.Class::method":    {"-m", "module.Class::method"},
		"a.py.f":                  {"-m", "a.py.f"},
		"a..b":                    {"a..b", ""},
		".hidden":                 {".hidden", ""},
		"a.7b":                    {"a.7b", ""},
		"./a.b":                   {"./a.b", ""},
		"":                        {"", ""},
	} {
		file, function := launcher.SplitHandler(handler)
		require.Equal(t, want, [2]string{file, function}, "%q", handler)
	}
}
