package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/internal/suggest"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// nearSettings returns a warning for each variable that is nearly a setting, such
// as LAUNCHER_DELIVERY. Other variables that start with LAUNCHER_ belong to
// someone else: to a program, or to a Kubernetes service named launcher.
func nearSettings(environ resolve.Environ) error {
	const prefix = "LAUNCHER_"
	known := strings.Fields(launcher.Settings)
	var flags []string
	for _, row := range sharedFlags {
		flags = append(flags, strings.TrimPrefix(cli.Variable(row.Name), prefix))
	}
	var warnings []error
	for _, variable := range environ.WithPrefix(prefix) {
		if environ[variable] == "" || slices.Contains(known, variable) {
			continue
		}
		name := strings.TrimPrefix(variable, prefix)
		for _, more := range []string{"_FILE", "_PATH", "_DIR"} {
			name = strings.TrimSuffix(name, more)
		}
		if hint := suggest.Hint("", name, prefix, flags...); hint != "" {
			warnings = append(warnings, cli.WithHint(fmt.Errorf("variable %s is not a setting", keyname.Show(variable)), hint))
		}
	}
	return errors.Join(warnings...)
}
