package main_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// ctlIn runs the program in a folder, with these variables.
func ctlIn(t *testing.T, folder string, environ []string, args ...string) result {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "launcherctl"), args...)
	cmd.Dir, cmd.Env = folder, append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder}, environ...)
	return finish(t, cmd)
}

func decoded(t *testing.T, text string) batchv1.Job {
	t.Helper()
	var job batchv1.Job
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), &job))
	return job
}

// hostile is values that careless programs change.
var hostile = map[string]string{
	"DOLLAR": "pa$$w$ord$(HOME)$(A)$", "QUOTES": `'"\` + "`", "LINES": "a\nb\r\n", "BLANKS": "  a\t ", "EMPTY": "", "NUMBER": "012",
	"WORD": "yes", "BRACES": "{{.x}} {a: b} #c", "UMLAUT": "é\u2028", "LONG": strings.Repeat("x$(", 3000), "PATH-LIKE.x": "../a",
}

// TestAPodGivesItsHandlerEveryValueAsItIs runs the printed pod: what a task has
// inline, in the project's Secret, by variable and by file, arrives byte for byte.
func TestAPodGivesItsHandlerEveryValueAsItIs(t *testing.T) {
	for name, flags := range map[string][]string{"in a Secret": {"--values-file", "values.yaml"}, "embedded": {"--embed-values"}} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			task, err := json.Marshal(map[string]any{
				"metadata": map[string]any{"name": "train", "project": "fraud"},
				"spec": map[string]any{"parameters": map[string]any{"price": "5$ $(HOME) $$"}, "secret_sources": []any{
					map[string]any{"kind": "inline", "source": hostile},
					map[string]any{"kind": "env", "source": "FROM_ENV"},
					map[string]any{"kind": "kubernetes", "prefix": "P_", "source": []string{"DOLLAR", "lines"}},
					map[string]any{"kind": "kubernetes", "source": map[string]any{"secrets": []string{"tls.key", "DOLLAR"}, "mount": "/etc/tls"}},
				}},
			})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(folder, "task.json"), task, 0o600))
			raw := "\xff raw\n"
			if name == "embedded" {
				raw = "text"
			}
			got := ctlIn(t, folder, []string{"FROM_ENV=" + raw}, append([]string{"manifest", "--task", "task.json", "--image", "i", "--launcher-image", "l"},
				append(flags, "--", "sh", "-c", `cat; echo "$0" >&2`, "$(A)$$b")...)...)
			require.Zero(t, got.status, got.stderr)

			node := kubelet{t.TempDir(), map[string]map[string][]byte{"mlrun-project-secrets-fraud": {
				"DOLLAR": []byte("lower precedence"), "lines": []byte("a\n"), "tls.key": []byte("\x00\xfe\n"), "mlrun.x": []byte("internal")}}}
			if name != "embedded" {
				var values corev1.Secret
				require.NoError(t, yaml.UnmarshalStrict([]byte(read(t, filepath.Join(folder, "values.yaml"))), &values))
				node.secrets[values.Name] = values.Data
			}
			ended := node.run(t, got.stdout)
			require.Zero(t, ended.status, ended.stderr)
			require.Equal(t, "$(A)$$b\n", ended.stderr)

			var context struct {
				Spec    struct{ Parameters map[string]string }
				Secrets map[string]string
				Base64  map[string][]byte `json:"secrets_base64"`
			}
			require.NoError(t, json.Unmarshal([]byte(ended.stdout), &context))
			for key, value := range context.Base64 {
				context.Secrets[key] = string(value)
			}
			want := map[string]string{"FROM_ENV": raw, "P_DOLLAR": "lower precedence", "P_lines": "a\n", "tls.key": "\x00\xfe\n"}
			for key, value := range hostile {
				want[key] = value
			}
			require.Equal(t, want, context.Secrets)
			require.Equal(t, "5$ $(HOME) $$", context.Spec.Parameters["price"])
		})
	}
}

// TestAKeyThatIsMissingFailsTheJobWithItsName has a pod that starts and says so,
// where the kubelet would wait.
func TestAKeyThatIsMissingFailsTheJobWithItsName(t *testing.T) {
	folder := t.TempDir()
	got := ctlIn(t, folder, nil, "manifest", "--task", write(t, "t.yaml", "metadata: {name: a, project: fraud}"), "-s", "kubernetes=A,B", "--image", "i", "--launcher-image", "l", "true")
	require.Zero(t, got.status, got.stderr)
	ended := kubelet{t.TempDir(), nil}.run(t, got.stdout)
	require.Equal(t, 125, ended.status)
	require.Contains(t, ended.stderr, `secret "A"`)
	require.Contains(t, ended.stderr, `secret "B"`)
	job := decoded(t, got.stdout)
	require.Equal(t, batchv1.PodFailurePolicyActionFailJob, action(job, ended.status))
	require.Equal(t, batchv1.PodFailurePolicyActionIgnore, action(job, 124))
	require.Equal(t, batchv1.PodFailurePolicyActionCount, action(job, 1), "the handler's own status is a retry's")
}

// TestNoPodCanDoMoreThanItsWork is what the "restricted" profile of the pod
// security standards asks for, and more.
func TestNoPodCanDoMoreThanItsWork(t *testing.T) {
	for _, from := range []string{"init", "volume", "image"} {
		got := ctlIn(t, t.TempDir(), nil, "manifest", "--task", write(t, "t.yaml", "metadata: {name: a, project: fraud}"), "-s", "kubernetes=A",
			"-s", "inline={'B': '1'}", "-s", "azure_vault={'name': 'vault', 'k8s_secret': 'creds', 'secrets': []}", "--values-file", os.DevNull,
			"--deliver", "files", "--launcher", from, "--image", "i", "--launcher-image", "l", "true")
		require.Zero(t, got.status, got.stderr)
		pod := decoded(t, got.stdout).Spec.Template.Spec
		require.True(t, *pod.SecurityContext.RunAsNonRoot)
		require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type)
		require.False(t, *pod.AutomountServiceAccountToken)
		for _, c := range append(pod.InitContainers, pod.Containers...) {
			require.False(t, *c.SecurityContext.AllowPrivilegeEscalation)
			require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem)
			require.Equal(t, []corev1.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop)
			require.Empty(t, c.SecurityContext.Capabilities.Add)
		}
		for _, v := range pod.Volumes {
			switch {
			case v.EmptyDir != nil:
				require.Equal(t, corev1.StorageMediumMemory, v.EmptyDir.Medium, v.Name)
				require.NotNil(t, v.EmptyDir.SizeLimit)
			case v.Secret != nil:
				require.Equal(t, int32(0o400), *v.Secret.DefaultMode)
				require.False(t, *v.Secret.Optional)
			default:
				require.NotNil(t, v.Image)
			}
		}
	}
}

// TestNothingPrintedHoldsAValue is every command, with and without errors.
func TestNothingPrintedHoldsAValue(t *testing.T) {
	const inline, variable, line = `canary-i "1" <é>`, "canary-e 2&x", "canary-f=3/x"
	folder := t.TempDir()
	task := "metadata: {name: a, project: p}\nspec:\n  secret_sources:\n  - {kind: kubernetes, source: [K]}\n  - {kind: env, source: V}\n" +
		"  - {kind: file, source: s.txt}\n  - {kind: inline, source: {I: '" + inline + "'}}\n"
	for name, text := range map[string]string{
		"task.yaml": task, "s.txt": "F=" + line + "\n", "wrong.yaml": task + "  - {kind: " + inline + ", source: 1}\n", "cut.yaml": task + "  - [" + inline,
		"job.yaml": "kind: Pod\nspec: {containers: [{name: a, command: [x], env: [{name: X, value: '" + variable + "'}]}]}\n", "cut-job.yaml": "kind: [" + variable,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	common := []string{"--image", "i", "--launcher-image", "l"}
	for name, args := range map[string][]string{
		"manifest":        append([]string{"manifest", "--task", "task.yaml", "--values-file", "v.yaml"}, append(common, "true")...),
		"no values file":  append([]string{"manifest", "--task", "task.yaml"}, append(common, "true")...),
		"no folder":       append([]string{"manifest", "--task", "task.yaml", "--values-file", "no/v.yaml"}, append(common, "true")...),
		"wrong":           append([]string{"manifest", "--task", "wrong.yaml"}, append(common, "true")...),
		"cut":             append([]string{"manifest", "--task", "cut.yaml"}, append(common, "true")...),
		"missing":         append([]string{"manifest", "--task", "task.yaml", "-s", "env=NOT_SET", "-s", "inline=['" + inline + "']"}, append(common, "true")...),
		"a broken base":   append([]string{"manifest", "--task", "task.yaml", "--into", "cut-job.yaml"}, common...),
		"check":           {"task", "check", "task.yaml", "wrong.yaml", "cut.yaml"},
		"with-secrets":    {"task", "with-secrets", "env", "--task", "wrong.yaml", "A"},
		"a value as key":  {"task", "with-secrets", "env", "A=" + variable},
		"inline, printed": {"task", "with-secrets", "inline", "--from-file", "s.txt"},
		"inline":          {"task", "with-secrets", "inline", "--task", "new.yaml", "--from-file", "s.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ctlIn(t, folder, []string{"V=" + variable}, args...)
			for _, value := range []string{inline, variable, line} {
				for _, form := range forms(value) {
					require.NotContains(t, strings.ToLower(got.stdout+got.stderr), strings.ToLower(form))
				}
			}
			require.NotContains(t, got.stdout, "kind: Secret")
		})
	}
	got := ctlIn(t, folder, []string{"V=" + variable}, append([]string{"manifest", "--task", "task.yaml", "--embed-values"}, append(common, "true")...)...)
	require.Contains(t, got.stdout, variable, "the search above finds what is there")
	for _, key := range []string{"F", "I", "V"} {
		require.Contains(t, got.stderr, `warning: secret "`+key+`": its value is in the pod's specification`)
	}
}

// forms is a value as a careless program might write it.
func forms(value string) []string {
	quoted, _ := json.Marshal(value)
	return []string{value, string(quoted[1 : len(quoted)-1]), hex.EncodeToString([]byte(value)), url.QueryEscape(value), url.PathEscape(value),
		base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value))}
}

// TestCheckSaysWhatTheLauncherSays compares the two programs' words about tasks
// that neither takes.
func TestCheckSaysWhatTheLauncherSays(t *testing.T) {
	folder := t.TempDir()
	for name, task := range map[string]string{
		"shape": "metadata: 1\nspec: [1]\n", "sources": "spec: {secret_sources: {a: 1}}", "empty": "",
		"kinds": "spec:\n  secret_sources:\n  - {kind: vault, source: 1}\n  - {kind: env, source: 'A, A'}\n  - {kind: file, source: {path: 1}}\n" +
			"  - {kind: inline, source: [1]}\n  - {kind: kubernetes, source: [mlrun.x]}\n  - {kind: azure_vault, source: {name: a_b, other: 1}}\n  - 1\n",
		"twice": "spec: {a: 1, a: 2}", "cut": "spec: [", "own": "version: 1\nsecrets: {}",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "t.yaml"), []byte(task), 0o600))
		cmd := exec.Command(filepath.Join(bin, "launcher"), "explain", "--task", "t.yaml")
		cmd.Dir = folder
		want := finish(t, cmd)
		got := ctlIn(t, folder, nil, "task", "check", "t.yaml")
		require.Equal(t, 125, got.status, name)
		require.Equal(t, want.status, got.status, name)
		require.Equal(t, strings.ReplaceAll(want.stderr, "launcher: ", "launcherctl: "), got.stderr, name)
	}
}
