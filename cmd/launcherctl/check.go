package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"github.com/seed45446ece/launcher/cluster"
	"github.com/seed45446ece/launcher/cluster/exposure"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

const checkHelp = `A FILE is a manifest, or a directory with *.yaml, *.yml and *.json at any depth,
or - for standard input. TYPE/NAME is a Pod, Job, CronJob, Deployment,
StatefulSet, DaemonSet or ReplicaSet of the cluster. No value is printed.

The exit status is 0 if there is nothing to change, 1 if there is, and 125 if
something cannot be read. A note does not count, unless --fail-on is note.`

func (p *program) checkCommand() *urfave.Command {
	return &urfave.Command{
		Name: "check", Usage: "Show who can see the secrets of a manifest, and what to change",
		ArgsUsage: "[flags] FILE|TYPE/NAME...", Description: checkHelp,
		Flags: flags(checkFlags, []cli.Flag{namespaceFlag}, connectFlags), Action: p.check,
	}
}

// failNever is the value of --fail-on that makes every finding pass.
const failNever = "never"

var checkFlags = []cli.Flag{
	{Name: "output", Alias: "o", Choices: []string{"table", "json", "yaml", "sarif"}, Default: "table", Usage: "the format of the report"},
	{Name: "fail-on", Choices: append(slices.Clone(exposure.Severities), failNever), Default: string(exposure.Warning), Usage: "the least severe finding for which the status is 1"},
}

// check reports on each argument. It reads all of them before it prints.
func (p *program) check(c *urfave.Context) error {
	if err := cli.CheckChoices(c); err != nil {
		return err
	}
	if !c.Args().Present() {
		return cli.Usage("name a manifest, or an object of the cluster", "use "+c.Command.HelpName+" job.yaml, or job/NAME")
	}
	var report exposure.Report
	var errs []error
	for _, word := range c.Args().Slice() {
		errs = append(errs, p.checkWord(c, &report, word))
	}
	if skipped := report.SkippedKinds(); skipped != "" {
		p.report.Message(cli.LevelInfo, "not checked, because it contains no pod: "+skipped, "")
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := p.printReport(c, &report); err != nil {
		return err
	}
	if least := c.String("fail-on"); least != failNever && report.HasFinding(exposure.Severity(least)) {
		return cli.ExitStatus(cli.StatusFindings)
	}
	return nil
}

func (p *program) printReport(c *urfave.Context, report *exposure.Report) error {
	text := report.Text()
	var err error
	switch c.String("output") {
	case "json":
		text, err = indented(report)
	case "yaml":
		text, err = yaml.Marshal(report)
	case "sarif":
		text, err = indented(report.SARIF(version))
	}
	if err != nil {
		return err
	}
	_, err = p.stdout.Write(text)
	return err
}

func indented(value any) ([]byte, error) {
	text, err := json.MarshalIndent(value, "", "  ")
	return []byte(keyname.EscapeJSON(string(text)) + "\n"), err
}

// checkWord adds a file, a directory or an object of the cluster to the report. A word
// that names an existing file is one.
func (p *program) checkWord(c *urfave.Context, report *exposure.Report, word string) error {
	info, err := os.Stat(word)
	switch {
	case err == nil && info.IsDir():
		return p.checkDirectory(c.Context, report, word)
	case err != nil && strings.HasPrefix(word, "-") && word != cli.StandardInput:
		return cli.Usage(fmt.Sprintf("%s is not a file", keyname.Quote(word)), "put the flags before the files")
	}
	kind, name, _ := strings.Cut(word, "/")
	workload, ok := cluster.FindWorkload(kind)
	isFile := err == nil || slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(word))
	if ok && !isFile && validation.IsDNS1123Subdomain(name) == nil {
		return p.checkObject(c, report, workload, name)
	}
	return p.checkFile(c.Context, report, word)
}

func (p *program) checkFile(ctx context.Context, report *exposure.Report, path string) error {
	origin, text, err := p.readText(ctx, "check", path)
	if errors.Is(err, cli.ErrNoFile) {
		err = cli.WithHint(err, "name a file, or TYPE/NAME of an object, such as job/train")
	}
	if err != nil {
		return err
	}
	in := exposure.Input{Origin: origin, Path: path, Placed: true, Text: text}
	if path == cli.StandardInput {
		in.Path = ""
	}
	return report.Check(in)
}

// checkDirectory checks the manifests below a directory. It fails if none has a pod.
func (p *program) checkDirectory(ctx context.Context, report *exposure.Report, dir string) error {
	files, err := manifestFiles(dir)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	pods := false
	var errs []error
	for _, file := range files {
		err := p.checkFile(ctx, report, file)
		if errors.As(err, new(exposure.NoPodError)) {
			continue
		}
		pods = true
		errs = append(errs, err)
	}
	if !pods {
		return exposure.NoPodError{Origin: dir}
	}
	return errors.Join(errs...)
}

// manifestFiles returns the manifests below a directory, without what is hidden. It
// follows links to files only.
func manifestFiles(dir string) ([]string, error) {
	root := filepath.Clean(dir) + string(filepath.Separator) // also if it is a link
	var files []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		hidden := err == nil && path != root && strings.HasPrefix(entry.Name(), ".")
		switch {
		case err != nil:
			return err
		case entry.IsDir() && hidden:
			return filepath.SkipDir
		case entry.IsDir() || hidden:
		case slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) && !special(path):
			files = append(files, filepath.Clean(path))
		}
		return nil
	})
	return files, err
}

// special reports whether a path is a FIFO, which nobody may write to, or a device, or
// a link to one of them or to a directory. An error is reported when the file is read.
func special(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular()
}

// checkObject checks an object of the cluster, and who can read its Secrets.
func (p *program) checkObject(c *urfave.Context, report *exposure.Report, w cluster.Workload, name string) error {
	target, err := p.connect(c)
	if err != nil {
		return err
	}
	ctx, cancel := withTimeout(c.Context, c)
	defer cancel()
	text, err := target.Read(ctx, w, name)
	if err != nil {
		return err
	}
	origin := strings.ToLower(w.Kind) + "/" + name
	var one exposure.Report
	if err := one.Check(exposure.Input{Origin: origin, Text: text}); err != nil {
		return err
	}
	report.Objects = append(report.Objects, one.Objects...)
	return p.addAccess(ctx, target, report, one.SecretNames())
}

// addAccess adds who can read the Secrets, as far as the user can list it.
func (p *program) addAccess(ctx context.Context, target *cluster.Cluster, report *exposure.Report, secrets []string) error {
	bindings, err := target.Bindings(ctx)
	if err != nil {
		return err
	}
	if report.Access == nil {
		report.Access = &exposure.Access{Rights: []exposure.Right{}, Denied: bindings.Denied}
	}
	if slices.Contains(bindings.Denied, "rolebindings") && slices.Contains(bindings.Denied, "clusterrolebindings") {
		return nil
	}
	rights := []cluster.Access{
		{Verbs: []string{"create"}, Resource: "pods/exec"},
		{Verbs: []string{"create"}, Resource: "pods"}, // a pod can read every Secret
		{Verbs: []string{"list"}, Resource: "secrets"},
	}
	for _, name := range secrets {
		rights = append(rights, cluster.Access{Verbs: []string{"get"}, Resource: "secrets", Name: name})
	}
	for _, a := range rights {
		right := exposure.Right{What: strings.TrimSuffix(a.Verbs[0]+" "+a.Resource+"/"+a.Name, "/"), Who: bindings.Subjects(a)}
		if !slices.ContainsFunc(report.Access.Rights, func(r exposure.Right) bool { return r.What == right.What }) {
			report.Access.Rights = append(report.Access.Rights, right)
		}
	}
	return nil
}
