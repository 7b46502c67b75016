package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// explanation describes what became of a key at one source: one row of explain.
type explanation struct {
	Key      string `json:"key"`
	Provider string `json:"provider"`
	Where    string `json:"where"`
	Status   string `json:"status"`
	Handler  string `json:"handler"` // how it reaches the handler; "-" where it does not
}

// explain prints where each key was looked for, and ends as run would.
func (p *program) explain(c *urfave.Context) error {
	s, err := p.readSettings(c)
	if err != nil {
		return err
	}
	ctx, cancel := cli.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	p.programs = p.newPrograms(s)
	watch := p.watchSignals()
	r, err := p.readTask(ctx, s)
	p.report.Warn(r.warning)
	if err == nil {
		p.watchForPrograms(watch, r)
		err = p.resolve(ctx, s, &r)
		_, refused := r.job(s).Prepare()
		err = errors.Join(err, refused)
	}
	p.report.Warn(similarKeys(r.resolution.Secrets))
	routes, refused := s.deliver.Routes(r.resolution.Secrets, s.env)
	for i, secret := range r.resolution.Secrets {
		if name, ok := s.env.FileVariable(secret); ok {
			routes[i] += ", variable " + name
		}
		if secret.Env && s.deliver != launcher.Env {
			routes[i] += ", variable " + s.env.Exported(secret.Key)
		}
	}
	rows := explanations(r.resolution, routes, refused, s.deliver)
	if len(rows) > 0 || err == nil {
		if err := printRows(c.App.Writer, rows, c.Bool("json")); err != nil {
			return err
		}
	}
	return err
}

// similarKeys returns a problem for each two keys that a handler can only tell apart
// by their exact spelling.
func similarKeys(secrets []resolve.Secret) error {
	var problems []error
	fold := strings.NewReplacer("-", "_", ".", "_")
	seen := map[string]string{}
	for _, s := range secrets {
		folded := fold.Replace(strings.ToLower(s.Key))
		if other, ok := seen[folded]; ok {
			problems = append(problems, fmt.Errorf("secrets %s and %s match each other: get_secret finds each only by its exact key",
				keyname.Show(other), keyname.Show(s.Key)))
		}
		seen[folded] = s.Key
	}
	return errors.Join(problems...)
}

func explanations(r resolve.Resolution, routes []string, refused error, deliver launcher.Delivery) []explanation {
	route := map[string]string{}
	for i, s := range r.Secrets {
		route[s.Key] = string(deliver) + ": " + routes[i]
	}
	markRefused(route, refused, deliver)
	rows := []explanation{}
	for _, row := range r.Rows {
		e := explanation{row.Key, row.Provider, row.Where, string(row.State), "-"}
		switch row.State {
		case resolve.Found:
			e.Handler = route[row.Key]
		case resolve.Overridden:
			e.Status += " by " + row.By
		case resolve.Missing:
			if row.Optional {
				e.Status += ", optional"
			}
		}
		rows = append(rows, e)
	}
	return rows
}

func markRefused(route map[string]string, refused error, deliver launcher.Delivery) {
	if refused == nil {
		return
	}
	for _, err := range refused.(interface{ Unwrap() []error }).Unwrap() {
		var r *launcher.RefusedError
		if errors.As(err, &r) {
			route[r.Key] = string(deliver) + ": refused"
		}
	}
}

func printRows(w io.Writer, rows []explanation, asJSON bool) error {
	if asJSON {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(map[string][]explanation{"secrets": rows}); err != nil {
			return err
		}
		_, err := io.WriteString(w, keyname.EscapeJSON(text.String()))
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(table, "KEY\tPROVIDER\tWHERE\tSTATUS\tHANDLER")
	for _, e := range rows {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", cli.OneLine(e.Key), e.Provider, cli.OneLine(e.Where), cli.OneLine(e.Status), cli.OneLine(e.Handler))
	}
	return table.Flush() // the writer keeps the first error
}
