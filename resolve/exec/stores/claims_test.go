package stores_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestAWSReadsPlainText has secrets that are no JSON objects. A secret of bytes is
// printed as None.
func TestAWSReadsPlainText(t *testing.T) {
	s, p := find(t, "AWS Secrets Manager"), newPlace(t)
	r, address := s.recipe(t), startMoto(t, p)
	create := func(what string, value any) {
		callAWS(t, address, "secretsmanager", "secretsmanager.CreateSecret", map[string]any{"Name": what, what: value})
	}
	create("SecretString", "a\nb\n")
	create("SecretBinary", []byte("bytes"))
	r.source.Format = ""
	r.source.Command = r.source.Command[:len(r.source.Command)-1]
	r.source.Secrets = map[string]any{"TEXT": "SecretString", "BYTES": "SecretBinary"}
	p.write(t, "task.yaml", taskOf(t, r.source))
	p.job(t, "TEXT", "BYTES")
	require.Equal(t, "YQpiCg==\nTm9uZQ==\n", p.must(t, run, ""))
}

func TestSOPSNeedsAFlatFileAndReadsNumbers(t *testing.T) {
	s, p := find(t, "SOPS"), newPlace(t)
	s.open(t, p, map[string]string{"A": ""})
	encrypt := func(text string) {
		p.must(t, `sops encrypt --age "$(age-keygen -y key.txt)" --filename-override secrets.yaml >secrets.enc.yaml`, text)
	}
	encrypt("A: 012\nB: '012'\n")
	p.write(t, "task.yaml", s.recipe(t).task)
	p.job(t, "A", "B")
	require.Equal(t, "MTA=\nMDEy\n", p.must(t, run, ""))
	encrypt("A: {B: secret}\n")
	got := launchertest.Finish(t, p.command(run))
	require.Equal(t, 125, got.Status)
	require.NotContains(t, got.Stderr, "secret\"")
}

// TestTheJobHasTheCredentialUnlessPristine starts a shell as the job.
func TestTheJobHasTheCredentialUnlessPristine(t *testing.T) {
	s, p := find(t, "Doppler"), newPlace(t)
	s.open(t, p, map[string]string{"A": "1"})
	p.write(t, "task.yaml", s.recipe(t).task)
	const job = ` --task task.yaml -- sh -c 'echo "${DOPPLER_TOKEN-none}"'`
	require.Equal(t, dopplerToken+"\n", p.must(t, "launcher run"+job, ""))
	require.Equal(t, "none\n", p.must(t, "launcher run --pristine"+job, ""))
}

// TestGitHubsJobHasNoValueInItsEnvironment runs the step with a job that prints its
// environment.
func TestGitHubsJobHasNoValueInItsEnvironment(t *testing.T) {
	s, p := find(t, "GitHub Actions"), newPlace(t)
	r := s.recipe(t)
	for name, expression := range r.env {
		p.env = append(p.env, name+"="+evaluate(t, expression, map[string]string{"DB_PASSWORD": canary}))
	}
	p.write(t, "task.yaml", r.task)
	p.job(t)
	p.write(t, "job", "#!/bin/sh\nenv\n")
	printed := p.must(t, r.script, "")
	require.Contains(t, printed, "LAUNCHER_CONTEXT=")
	requireNoCanary(t, "the job's environment", printed)
	require.False(t, strings.Contains(printed, "DB_PASSWORD="))
}
