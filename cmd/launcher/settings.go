package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/kubernetes"
)

// settings holds the values of flags and variables, read and checked once.
type settings struct {
	task                string
	local               *file.Spec // nil for none
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
	execParallel        int
	execStderr          bool // pass on what programs write on standard error
	allowExec           bool // also for a task in a variable
	init                string
	mask, pristine      bool
	refresh             time.Duration
	user                *launcher.User // nil for the launcher's own
	listed              kubernetes.Listed
}

// flagError returns a usage error about a flag of run or explain.
func flagError(format string, args ...any) error {
	return cli.Usage(fmt.Sprintf(format, args...), "see launcher run --help")
}

// listValues returns a repeatable flag's values, or else its variable's lines.
func listValues(c *urfave.Context, name string, environ resolve.Environ) []string {
	if values := cli.Values(c, name); len(values) > 0 {
		return values
	}
	var lines []string
	for line := range strings.Lines(environ[cli.Variable(name)]) {
		if line = strings.TrimSpace(line); line != "" { // a pod's YAML indents them
			lines = append(lines, line)
		}
	}
	return lines
}

// readSettings reads the settings from the command line and the environment, and
// sets the report's options. The error holds every problem.
func (p *program) readSettings(c *urfave.Context) (settings, error) {
	errs := []error{cli.CheckChoices(c)}
	p.report.JSON = c.String("log") == "json"
	p.report.Verbose, p.report.Quiet = c.Bool("verbose"), c.Bool("quiet")
	if p.child == nil { // once
		p.report.Warn(nearSettings(p.environ))
	}
	s := settings{
		task:    c.String("task"),
		secrets: listValues(c, "secrets", p.environ), params: listValues(c, "param", p.environ),
		deliver:             launcher.Delivery(c.String("deliver")),
		env:                 launcher.EnvOptions{Prefix: c.String("env-prefix"), Allow: listValues(c, "allow-env", p.environ), Files: c.Bool("file-env")},
		warnMissing:         c.String("missing") == "warn",
		requireConfidential: c.Bool("require-confidential"),
		timeout:             c.Duration("timeout"),
		azureCredentials:    c.String("azure-credentials"),
		azureParallel:       c.Int("azure-parallel"),
		azureSpread:         c.Duration("azure-spread"),
		realm:               azure.Clouds{Authority: c.String("azure-authority"), Domains: listValues(c, "azure-domain", p.environ), APIVersion: c.String("azure-api-version")},
		execParallel:        c.Int("exec-parallel"),
		execStderr:          c.Bool("exec-stderr"),
		allowExec:           c.Bool("allow-exec"),
		grace:               c.Duration("grace"),
		init:                c.String("init"),
		mask:                c.Bool("mask"),
		pristine:            c.Bool("pristine"),
		refresh:             c.Duration("refresh"),
	}
	errs = append(errs, s.checkAzure()...)
	if s.execParallel < 1 || s.execParallel > maxParallel {
		errs = append(errs, flagError("--exec-parallel must be from 1 to %d", maxParallel))
	}
	for _, name := range []string{"timeout", "grace", "refresh"} {
		if c.Duration(name) < 0 {
			errs = append(errs, flagError("--%s must be 0 or more", name))
		}
	}
	var err error
	if s.listed, err = readProjectSecrets(c, p.environ); err != nil {
		errs = append(errs, err)
	}
	if s.user, err = parseUser(c.String("user")); err != nil {
		errs = append(errs, err)
	}
	if s.local, err = parseLocal(c.String("local")); err != nil {
		errs = append(errs, err)
	}
	if s.deliver == "" {
		s.deliver = s.defaultDelivery()
	}
	if s.local != nil && p.environ[inCluster] != "" {
		errs = append(errs, cli.Usage("--local is for debugging and refused inside a cluster (KUBERNETES_SERVICE_HOST is set)", "remove --local"))
	}
	if missing := s.checkPlatform(); len(missing) > 0 {
		errs = append(errs, missing...)
	} else {
		errs = append(errs, s.checkInit()...)
	}
	if s.local != nil && s.requireConfidential {
		errs = append(errs, cli.Usage("--local takes values from a file, which --require-confidential refuses", "remove one of them"))
	}
	if strings.ContainsAny(s.env.Prefix, "=\x00") || !utf8.ValidString(s.env.Prefix) {
		errs = append(errs, flagError("--env-prefix cannot be the start of a variable's name"))
	}
	return s, errors.Join(errs...)
}

// parseUser returns whom the handler runs as, nil for the launcher's own user.
func parseUser(text string) (*launcher.User, error) {
	if text == "" {
		return nil, nil
	}
	uid, gid, err := cli.ParseUser(text, launcher.MaxID)
	return &launcher.User{UID: int(uid), GID: int(gid)}, err
}

// checkInit returns the problems of settings that need the launcher to stay
// although --init never forbids it, and of flags that have no effect with a delivery.
func (s settings) checkInit() []error {
	var errs []error
	if s.init == "never" && s.deliver.Stays() {
		errs = append(errs, cli.Usage(fmt.Sprintf("--deliver %s needs the launcher to stay, which --init never forbids", s.deliver), "remove --init never"))
	}
	if s.init == "never" && s.mask {
		errs = append(errs, cli.Usage("--mask needs the launcher to stay, which --init never forbids", "remove --init never"))
	}
	if s.init == "never" && s.newSession() {
		errs = append(errs, cli.Usage("--user on a terminal needs the launcher to stay, which --init never forbids: the handler could type into the shell that it was started from", "remove --init never"))
	}
	if s.refresh > 0 && s.deliver != launcher.Socket {
		errs = append(errs, cli.Usage("--refresh is for --deliver socket: any other delivery gives the handler its values once", "remove --refresh, or use --deliver socket"))
	}
	if s.env.Files && s.deliver != launcher.Files {
		errs = append(errs, cli.Usage("--file-env is for --deliver files: no other delivery has a file for each key", "remove --file-env, or use --deliver files"))
	}
	return errs
}

func (s *settings) checkAzure() []error {
	var errs []error
	if s.azureParallel < 1 {
		errs = append(errs, flagError("--azure-parallel must be 1 or more"))
	}
	if s.azureSpread < 0 {
		errs = append(errs, flagError("--azure-spread must be 0 or more"))
	}
	if s.realm.Authority != "" {
		authority, err := azure.ParseAuthority(s.realm.Authority)
		if err != nil {
			errs = append(errs, flagError("--azure-authority: %v", err))
		}
		s.realm.Authority = authority
	}
	if s.realm.APIVersion != "" {
		if err := azure.CheckAPIVersion(s.realm.APIVersion); err != nil {
			errs = append(errs, flagError("--azure-api-version: %v", err))
		}
	}
	for _, domain := range s.realm.Domains {
		if err := azure.CheckDomain(domain); err != nil {
			errs = append(errs, flagError("--azure-domain: %v", err))
		}
	}
	return errs
}

// parseLocal reads the value of --local: a path, or a map of path and format in JSON.
func parseLocal(text string) (*file.Spec, error) {
	if text == "" {
		return nil, nil
	}
	node, err := document.ParseArgument(document.Position{Origin: "--local"}, text)
	if err != nil {
		return nil, err
	}
	spec, err := file.ParseSpec(node, node.At)
	return &spec, err
}
