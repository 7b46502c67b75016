package main

import (
	"fmt"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// execSource returns the command with the keys of --key, or its format.
func execSource(c *urfave.Context) (any, error) {
	if !c.Args().Present() {
		return nil, cli.Usage("name a program", c.Command.UsageText)
	}
	var secrets map[string]string
	for _, text := range cli.Values(c, "key") {
		key, identifier, ok := strings.Cut(text, "=")
		if !ok {
			identifier = key
		}
		if err := keyname.Check(key); err != nil {
			return nil, fmt.Errorf("--key: %w", err)
		}
		if secrets == nil {
			secrets = map[string]string{}
		}
		if _, twice := secrets[key]; twice {
			return nil, cli.Usage(fmt.Sprintf("--key: duplicate key %s", keyname.Show(key)), "")
		}
		secrets[key] = identifier
	}
	return struct {
		Command []string          `json:"command"`
		Secrets map[string]string `json:"secrets,omitempty"`
		Format  string            `json:"format,omitempty"`
	}{c.Args().Slice(), secrets, c.String("format")}, nil
}
