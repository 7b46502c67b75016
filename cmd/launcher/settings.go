package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// settings is what the flags and variables say, read and checked once.
type settings struct {
	task, local         string
	secrets, params     []string
	deliver             launcher.Delivery
	env                 launcher.EnvOptions
	warnMissing         bool
	requireConfidential bool
	timeout, grace      time.Duration
	azureCredentials    string
	azureParallel       int
	azureSpread         time.Duration
	realm               azure.Clouds
	init                string
	mask                bool
	refresh             time.Duration
	user                *launcher.User // nil for the launcher's own
}

// errUsage is a flag with a value that it does not have.
type errUsage struct{ message, advice string }

func (e errUsage) Error() string { return e.message }

func (e errUsage) Hint() string { return cmp.Or(e.advice, "launcher run --help lists the flags") }

const helpCommands = "launcher --help lists the commands"

func usageError(_ *cli.Context, err error, _ bool) error {
	message := strings.Replace(err.Error(), "flag provided but not defined: -", "unknown flag: --", 1)
	advice := ""
	if strings.Contains(message, "parse error") {
		advice = "a duration has a unit: 90s, 2m"
	}
	return errUsage{strings.Replace(message, "for flag -", "for flag --", 1), advice}
}

func (p *program) noCommand(c *cli.Context) error {
	if c.Bool("version") {
		return p.version(c)
	}
	if c.Args().Present() {
		return errUsage{fmt.Sprintf("unknown command %q: a handler is started by launcher run -- COMMAND", c.Args().First()), helpCommands}
	}
	return cli.ShowAppHelp(c)
}

// values is a repeatable flag's values, else the lines of its variable.
func values(c *cli.Context, name string, environ resolve.Environ) []string {
	if given, ok := c.Value(name).([]string); ok && len(given) > 0 {
		return given
	}
	var lines []string
	for line := range strings.Lines(environ[variable(name)]) {
		if line = strings.TrimSpace(line); line != "" { // a pod's YAML indents them
			lines = append(lines, line)
		}
	}
	return lines
}

// read takes the settings from the command line and the environment, and tells
// the report how to speak. All that is wrong is in the error.
func (p *program) read(c *cli.Context) (settings, error) {
	var wrong []error
	choice := func(name string, among ...string) string {
		value := c.String(name)
		if value != "" && !slices.Contains(among, value) {
			wrong = append(wrong, errUsage{message: fmt.Sprintf("--%s %q is not one of %s", name, value, strings.Join(among, ", "))})
		}
		return value
	}
	p.report.JSON = choice("log", "text", "json") == "json"
	p.report.Verbose, p.report.Quiet = c.Bool("verbose"), c.Bool("quiet")
	s := settings{
		task: c.String("task"), local: c.String("local"),
		secrets: values(c, "secrets", p.environ), params: values(c, "param", p.environ),
		deliver:             launcher.Delivery(choice("deliver", "stdin", "fd", "env", "files", "socket")),
		env:                 launcher.EnvOptions{Prefix: c.String("env-prefix"), Allow: values(c, "allow-env", p.environ)},
		warnMissing:         choice("missing", "fail", "warn") == "warn",
		requireConfidential: c.Bool("require-confidential"),
		timeout:             c.Duration("timeout"),
		azureCredentials:    c.String("azure-credentials"),
		azureParallel:       c.Int("azure-parallel"),
		azureSpread:         c.Duration("azure-spread"),
		realm:               azure.Clouds{Authority: c.String("azure-authority"), Domains: values(c, "azure-domain", p.environ), APIVersion: c.String("azure-api-version")},
		grace:               c.Duration("grace"),
		init:                choice("init", "auto", "always", "never"),
		mask:                c.Bool("mask"),
		refresh:             c.Duration("refresh"),
	}
	wrong = append(wrong, s.checkAzure()...)
	if s.deliver == "" {
		s.deliver = defaultDelivery()
	}
	for _, name := range []string{"timeout", "grace", "refresh"} {
		if c.Duration(name) < 0 {
			wrong = append(wrong, errUsage{message: "--" + name + " is less than 0"})
		}
	}
	var err error
	if s.user, err = launcher.ParseUser(c.String("user")); err != nil {
		wrong = append(wrong, err)
	}
	if s.local != "" && p.environ["KUBERNETES_SERVICE_HOST"] != "" {
		wrong = append(wrong, errUsage{"--local is for debugging and refused inside a cluster (KUBERNETES_SERVICE_HOST is set)", "remove --local"})
	}
	wrong = append(wrong, s.checkStay()...)
	if s.local != "" && s.requireConfidential {
		wrong = append(wrong, errUsage{"--local takes values from a file, which --require-confidential refuses", "remove one of them"})
	}
	if strings.ContainsAny(s.env.Prefix, "=\x00") || !utf8.ValidString(s.env.Prefix) {
		wrong = append(wrong, errUsage{message: "--env-prefix cannot be the start of a variable's name"})
	}
	return s, errors.Join(wrong...)
}

// checkStay is what the settings ask of the handler's parent, or of the process
// that answers, where there is none.
func (s settings) checkStay() []error {
	var wrong []error
	if s.init == "never" && s.deliver.Stays() {
		wrong = append(wrong, errUsage{fmt.Sprintf("--deliver %s needs the launcher to stay, which --init never forbids", s.deliver), "remove --init never"})
	}
	if s.init == "never" && s.mask {
		wrong = append(wrong, errUsage{"--mask needs the launcher to stay, which --init never forbids", "remove --init never"})
	}
	if s.init == "never" && s.newSession() {
		wrong = append(wrong, errUsage{"--user on a terminal needs the launcher to stay, which --init never forbids: the handler could type into the shell that it was started from", "remove --init never"})
	}
	if s.refresh > 0 && s.deliver != launcher.Socket {
		wrong = append(wrong, errUsage{"--refresh is for --deliver socket: any other delivery gives the handler its values once", "remove --refresh, or use --deliver socket"})
	}
	return wrong
}

func (s *settings) checkAzure() []error {
	var wrong []error
	if s.azureParallel < 1 {
		wrong = append(wrong, errUsage{message: "--azure-parallel is less than 1"})
	}
	if s.azureSpread < 0 {
		wrong = append(wrong, errUsage{message: "--azure-spread is less than 0"})
	}
	if s.realm.Authority != "" {
		authority, err := azure.ParseAuthority(s.realm.Authority)
		if err != nil {
			wrong = append(wrong, errUsage{message: "--azure-authority: " + err.Error()})
		}
		s.realm.Authority = authority
	}
	if s.realm.APIVersion != "" {
		if err := azure.CheckAPIVersion(s.realm.APIVersion); err != nil {
			wrong = append(wrong, errUsage{message: "--azure-api-version: " + err.Error()})
		}
	}
	for _, domain := range s.realm.Domains {
		if err := azure.CheckDomain(domain); err != nil {
			wrong = append(wrong, errUsage{message: "--azure-domain: " + err.Error()})
		}
	}
	return wrong
}

// defaultDelivery leaves a person's terminal to the handler.
func defaultDelivery() launcher.Delivery {
	if _, err := unix.IoctlGetTermios(0, unix.TCGETS); err == nil {
		return launcher.FD
	}
	return launcher.Stdin
}
