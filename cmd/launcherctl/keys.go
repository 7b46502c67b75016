package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// declaredKey is a key of a source that has a name or a default.
type declaredKey struct {
	Key     string  `json:"key"`
	Name    string  `json:"name,omitempty"`
	Default *string `json:"default,omitempty"`
}

// declaredKeys returns a source's list of keys: the words, and those of --rename and
// --default. A key with neither is a string. It reports whether all are.
func declaredKeys(c *urfave.Context, words []string) (list []any, plain bool, err error) {
	if err := refuseValues(words); err != nil {
		return nil, false, err
	}
	keys := append([]string{}, words...)
	flagValues := func(flag string) map[string]string {
		values := map[string]string{}
		for i, text := range cli.Values(c, flag) {
			key, value, ok := strings.Cut(text, "=")
			switch wrong := keyname.Check(key); {
			case !ok || flag == "rename" && value == "":
				err = errors.Join(err, cli.Usage(fmt.Sprintf("--%s, value %d, lacks \"=\" or the text after it", flag, i+1), "write --rename KEY=NAME, --default KEY=VALUE"))
			case wrong != nil:
				err = errors.Join(err, fmt.Errorf("--%s, value %d: %w", flag, i+1, wrong))
			case !slices.Contains(keys, key):
				keys = append(keys, key)
			}
			values[key] = value
		}
		return values
	}
	names, defaults := flagValues("rename"), flagValues("default")
	if err != nil {
		return nil, false, err
	}
	list, plain = []any{}, true
	for _, key := range keys {
		declared := declaredKey{Key: key, Name: names[key]}
		if value, ok := defaults[key]; ok {
			declared.Default = &value
		}
		if declared == (declaredKey{Key: key}) {
			list = append(list, key)
			continue
		}
		list, plain = append(list, declared), false
	}
	return list, plain, nil
}

func kubernetesSource(c *urfave.Context) (any, error) {
	keys, _, err := declaredKeys(c, c.Args().Slice())
	if c.String("mount") == "" && c.String("env-prefix") == "" && c.String("secret") == "" {
		return keys, err
	}
	return struct {
		Secret  string `json:"secret,omitempty"`
		Secrets []any  `json:"secrets"`
		Prefix  string `json:"env_prefix,omitempty"`
		Mount   string `json:"mount,omitempty"`
	}{c.String("secret"), keys, c.String("env-prefix"), c.String("mount")}, err
}

func azureSource(c *urfave.Context) (any, error) {
	keys, _, err := declaredKeys(c, c.Args().Slice())
	return struct {
		Name       string   `json:"name"`
		K8sSecret  string   `json:"k8s_secret,omitempty"`
		Credential string   `json:"credential,omitempty"`
		Bundle     []string `json:"bundle,omitempty"`
		Secrets    []any    `json:"secrets"`
	}{c.String("name"), c.String("k8s-secret"), c.String("credential"), cli.Values(c, "bundle"), keys}, err
}

// envSource returns the names with commas between, a form that MLRun reads too, or a
// list if a key has another name or a default.
func envSource(c *urfave.Context) (any, error) {
	var words []string
	for _, arg := range c.Args().Slice() {
		words = append(words, strings.FieldsFunc(arg, func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	keys, plain, err := declaredKeys(c, words)
	switch {
	case err != nil:
		return nil, err
	case len(keys) == 0:
		return nil, cli.Usage("name at least one variable", c.Command.UsageText)
	case plain:
		return strings.Join(words, ", "), nil
	}
	return keys, nil
}

func fileSource(c *urfave.Context) (any, error) {
	if !c.Args().Present() {
		return nil, cli.Usage("name one PATH", c.Command.UsageText)
	}
	keys, _, err := declaredKeys(c, c.Args().Tail())
	if c.String("format") == "" && len(keys) == 0 {
		return c.Args().First(), err
	}
	return struct {
		Path   string `json:"path"`
		Format string `json:"format,omitempty"`
		Keys   []any  `json:"secrets,omitempty"`
	}{c.Args().First(), c.String("format"), keys}, err
}
