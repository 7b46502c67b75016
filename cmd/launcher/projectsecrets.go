package main

import (
	"cmp"
	"errors"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/keyname"
	"github.com/seed45446ece/launcher/resolve/kubernetes"
)

// projectSecretsFlag names the flag that lists the variables of a project's secrets.
const projectSecretsFlag = "project-secrets"

// readProjectSecrets returns what the flag, its variable and MLRun's list say. A
// variable that is set and empty lists none.
func readProjectSecrets(c *urfave.Context, environ resolve.Environ) (kubernetes.Listed, error) {
	variable := cli.Variable(projectSecretsFlag)
	values, origin := cli.Values(c, projectSecretsFlag), "--"+projectSecretsFlag
	text, isSet := environ[variable]
	if len(values) == 0 && isSet {
		values, origin = []string{text}, "variable "+variable
	}
	mlrun, fromMLRun := environ[task.ProjectSecretsList]
	listed := kubernetes.Listed{Known: len(values) > 0 || fromMLRun}
	var err, mlrunErr error
	listed.Configured, err = kubernetes.ParseListed(origin, values...)
	listed.MLRun, mlrunErr = kubernetes.ParseListed("variable "+task.ProjectSecretsList, mlrun)
	return listed, errors.Join(err, mlrunErr)
}

// warnUnlisted returns a warning if this is a pod of MLRun's in which nothing tells
// the project's secrets from other variables, although the task wants all of them.
func (p *program) warnUnlisted(t task.Task, r taskSources, listed kubernetes.Listed) error {
	project := cmp.Or(p.environ[task.ActiveProject], p.environ[task.DefaultProject])
	if p.environ[task.ExecConfig] != "" {
		project = cmp.Or(project, t.Project())
	}
	if p.environ[inCluster] == "" || project == "" || !r.wantsAll || listed.Known || len(p.environ.WithPrefix(keyname.MLRunPrefix)) > 0 {
		return nil
	}
	return cli.WithHint(errors.New("cannot tell the project's secrets from other variables: none starts with "+keyname.MLRunPrefix+
		", as in MLRun 1.8 and later. The handler gets them as variables only"),
		"set "+cli.Variable(projectSecretsFlag)+"=KEY,…, as launcherctl manifest --into does, or list them in the task's kubernetes source")
}
