package task

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// TestField11AFieldThatIsNearlySecretSourcesIsRefused has fields that would start
// the handler without its secrets.
func TestField11AFieldThatIsNearlySecretSourcesIsRefused(t *testing.T) {
	for name, meant := range map[string]string{
		"secret_source": "secret_sources", "secrets_sources": "secret_sources", "secret_sorces": "secret_sources", "secretSources": "secret_sources",
		"SECRET_SOURCES": "secret_sources", "secret-sources": "secret_sources", "secret sources": "secret_sources", "secret.sources": "secret_sources",
		"secertsources": "secret_sources", "sources": "", "secrets": "", "secret_store": "", "outputs": "", "log_level": "", "secret": "",
	} {
		for _, text := range []string{`{spec: {"` + name + `": []}}`, `{metadata: {"` + name + `": []}}`} {
			_, err := read(t, text)
			if meant == "" {
				require.NoError(t, err, text)
				continue
			}
			require.ErrorContains(t, err, "misspelled field", text)
			require.Equal(t, "did you mean "+meant+"?", hint(err), text)
		}
	}
	for name, meant := range map[string]string{
		"Spec": "spec", "sepc": "spec", "metaData": "metadata", "metdata": "metadata", "secret_source": "secret_sources", "kinds": "", "state": "",
	} {
		_, err := read(t, `{"`+name+`": {}}`)
		if meant == "" {
			require.NoError(t, err, name)
			continue
		}
		require.Equal(t, "did you mean "+meant+"?", hint(err), name)
	}
}

func hint(err error) string {
	var problem *document.Problem
	if !errors.As(err, &problem) {
		return ""
	}
	return problem.Hint()
}

func TestHyperparametersAreRefused(t *testing.T) {
	for _, text := range []string{"{}", "~", "[]", `""`} {
		_, err := read(t, "{spec: {hyperparams: "+text+"}}")
		require.NoError(t, err, text)
	}
	for _, text := range []string{"{p1: [1, 2]}", "[1]", "file.csv"} {
		_, err := read(t, "{spec: {hyperparams: "+text+"}}")
		require.EqualError(t, err, "task:1:22: spec.hyperparams is not supported: the launcher starts the handler once")
		require.Contains(t, hint(err), "run one Job per combination with --param, or use launcherctl manifest --completions N")
	}
	_, err := read(t, "{spec: {param_file: a.csv, hyper_param_options: {param_file: b.csv, strategy: list}}}")
	require.EqualError(t, err, "task:1:21: spec.param_file is not supported: the launcher starts the handler once\n"+
		"task:1:62: spec.hyper_param_options.param_file is not supported: the launcher starts the handler once")
}

func TestWhatWasMeantIsSuggested(t *testing.T) {
	for text, want := range map[string]string{
		`[{knid: env, source: A, kind: env}]`:  "did you mean kind?",
		`[{kind: env, source: A, optinal: 1}]`: "did you mean optional?",
		`[{kind: env, source: A, other: 1}]`:   "use one of env, kind, optional, prefix, source",
	} {
		_, err := read(t, "{spec: {secret_sources: "+text+"}}")
		require.Equal(t, want, hint(err), text)
	}
	_, err := KindOf(resolve.Declaration{Kind: "azure-vualt"})
	require.Equal(t, "did you mean azure_vault?", hint(err))
	_, err = KindOf(resolve.Declaration{Kind: "hashicorp"})
	require.Equal(t, "use one of "+strings.Join(KindNames(func(Kind) bool { return true }), ", "), hint(err))
}

func TestAnotherKindOfObjectIsNoTask(t *testing.T) {
	for text, problem := range map[string]string{
		"job":     `kind "job" is not a task`,
		"project": `kind "project" is not a task`,
		"Job":     `kind "Job" is not a task`,
		"[]":      "kind is not a task",
	} {
		_, err := read(t, "{spec: {image: x}, kind: "+text+"}")
		require.EqualError(t, err, "task:1:26: "+problem)
	}
	for _, text := range []string{"run", "null", `""`} {
		_, err := read(t, "{kind: "+text+"}")
		require.NoError(t, err)
	}
}
