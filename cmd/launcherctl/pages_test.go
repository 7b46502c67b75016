package main_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

const printsAPod = `echo '{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: i}]}}'`

// programsOfThePages stand for what the pages use and a test cannot: the clients of a
// cloud and of a store, the reader's own program, and a cluster.
var programsOfThePages = map[string]string{
	"az": "echo /an/id", "mlrun": "", "sops": "echo DB_PASSWORD=pa", "job": "", "python": "",
	"kubectl":     "case $1 in kustomize) " + printsAPod + " ;; *) cat >/dev/null ;; esac",
	"helm":        printsAPod,
	"launcherctl": `case $1 in secrets) exit ;; run) shift; set -- manifest "$@" ;; esac; exec "$REAL/launcherctl" "$@" >/dev/null`,
}

// TestTheCommandsOfThePagesRun types the commands of each page in a folder that has the
// page's files, and some that its readers have. What a console block prints is compared.
func TestTheCommandsOfThePagesRun(t *testing.T) {
	const task = "metadata: {name: train, project: fraud}\nspec: {secret_sources: [{kind: kubernetes, source: [DB_PASSWORD]}]}\n"
	const cronJob = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: report}\nspec: {schedule: '0 3 * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, " +
		"containers: [{name: report, image: 'report:1', command: [./report]}]}}}}}\n"
	for page, files := range map[string]map[string]string{
		"azure":      nil,
		"debug":      nil,
		"files":      {"prod.env": "", "task.yaml": task, "laptop.env": "DB_PASSWORD=pa\n"},
		"from-mlrun": {"pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: base, image: i, command: [python]}]}\n"},
		"kubernetes": {"laptop.env": "DB_PASSWORD=pa\nSMTP_PASSWORD=pa\nSMTP_USER=ana\n", "cronjob.yaml": cronJob},
		"manifests":  {"task.yaml": task, "cronjob.yaml": cronJob, "mail.env": "SMTP_PASSWORD=pa\n"},
		"mask":       nil,
	} {
		t.Run(page, func(t *testing.T) {
			if page == "from-mlrun" || page == "debug" {
				launchertest.Needs(t, "python3", "the commands of docs/"+page+".md")
			}
			blocks, folder := launchertest.Blocks(read(t, "../../docs/"+page+".md")), t.TempDir()
			launchertest.WriteFiles(t, folder, blocks)
			for name, text := range files {
				launchertest.WriteFile(t, filepath.Join(folder, name), text)
			}
			launchertest.RequireTranscripts(t, "../../docs/"+page+".md", folder, bin, []string{"HOME=" + folder, "PYTHONDONTWRITEBYTECODE=1"})
			requireShellBlocks(t, folder, blocks)
		})
	}
}

// requireShellBlocks runs each sh block by Bash, which stops at the first command that fails.
func requireShellBlocks(t *testing.T, folder string, blocks []launchertest.Block) {
	t.Helper()
	programs := t.TempDir()
	for name, text := range programsOfThePages {
		require.NoError(t, os.WriteFile(filepath.Join(programs, name), []byte("#!/bin/sh\n"+text+"\n"), 0o700))
	}
	require.NoError(t, os.Symlink(filepath.Join(programs, "job"), filepath.Join(folder, "job")))
	for _, block := range blocks {
		if block.Language != "sh" {
			continue
		}
		launchertest.Needs(t, "bash", "the commands of the pages")
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", block.Text)
		cmd.Dir = folder
		cmd.Env = []string{"PATH=" + programs + ":" + bin + ":" + os.Getenv("PATH"), "HOME=" + folder, "REAL=" + bin}
		got := finish(t, cmd)
		require.Zero(t, got.status, "%s%s", block.Text, got.stderr)
	}
}

// TestTheTasksOfThePagesAreAccepted checks every task, and every list of sources, that a page shows.
func TestTheTasksOfThePagesAreAccepted(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	checked := 0
	for _, page := range append(pages, "../../README.md") {
		for _, block := range launchertest.Blocks(read(t, page)) {
			task := block.Text
			switch {
			case block.Language != "yaml":
				continue
			case strings.HasPrefix(task, "- kind: ") || strings.HasPrefix(task, "- {kind: "):
				task = "spec:\n  secret_sources:\n  " + strings.ReplaceAll(task, "\n", "\n  ")
			case !strings.Contains(task, "secret_sources:") || strings.Contains(task, "apiVersion:"):
				continue
			}
			checked++
			got := ctlIn(t, t.TempDir(), nil, "task", "check", launchertest.WriteFile(t, filepath.Join(t.TempDir(), "task.yaml"), task))
			require.Zero(t, got.status, "%s\n%s\n%s", page, block.Text, got.stderr)
		}
	}
	require.GreaterOrEqual(t, checked, 5)
}
