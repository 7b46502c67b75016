package main_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// aManifest prints a Job with further flags, or is refused.
func aManifest(t *testing.T, task string, flags ...string) result {
	t.Helper()
	args := append([]string{"manifest", "--task", write(t, "t.yaml", task), "--image", "i", "--launcher-image", "l"}, flags...)
	return ctlIn(t, t.TempDir(), []string{"FROM_ENV=x"}, append(args, "--", "sh", "-c", `printf '%s|' "$A" "$B" "$EMPTY"`)...)
}

// TestEnvGivesTheHandlerAVariable as it is: with commas, equals signs and dollars.
func TestEnvGivesTheHandlerAVariable(t *testing.T) {
	got := aManifest(t, "metadata: {name: a}", "--env", "A=1,2=3 $(B)$$", "--env", "B=é\n", "--env", "EMPTY=")
	require.Zero(t, got.status, got.stderr)
	ended := kubelet{folder: t.TempDir()}.run(t, got.stdout)
	require.Zero(t, ended.status, ended.stderr)
	require.Equal(t, "1,2=3 $(B)$$|é\n||", ended.stdout)
}

// TestEnvReplacesNoSecret refuses every variable in which the launcher looks for a key.
func TestEnvReplacesNoSecret(t *testing.T) {
	const task = `metadata: {name: a, project: fraud}
spec:
  secret_sources:
  - {kind: kubernetes, source: [DB_PASSWORD, {key: USER_KEY, name: user}]}
  - {kind: kubernetes, source: {secrets: [PLAIN], env_prefix: ""}}
  - {kind: azure_vault, source: {name: vault, k8s_secret: s, secrets: [FROM_VAULT]}}
  - {kind: exec, source: {command: [x], secrets: [FROM_PROGRAM]}}
  - {kind: inline, source: {INLINE: c4n4ry}}
  - {kind: env, source: [{key: E, name: FROM_ENV}]}
`
	for flag, want := range map[string]string{
		"A":                                "--env \"A\" is not KEY=VALUE\nhint: write --env KEY=VALUE, or --env KEY= for an empty value",
		"hunter 2":                         "--env \"…\" is not KEY=VALUE",
		"=x":                               "--env \"…\" is not KEY=VALUE",
		"A B=x":                            "it is not the name of a variable",
		"1A=x":                             "it is not the name of a variable",
		"A=\xff":                           "its value is not UTF-8",
		"MLRUN_EXEC_CONFIG={}":             "the launcher reads the task and its secrets from this variable",
		"MLRUN_PROJECT_SECRETS_LIST=A":     "the launcher reads the task and its secrets from this variable",
		"MLRUN_K8S_SECRET__OTHER=c4n4ry":   "the launcher reads the task and its secrets from this variable",
		"LAUNCHER_DELIVER=env":             "variables that start with LAUNCHER_ are the launcher's\nhint: --launcher-flag",
		"LAUNCHER_PROJECT_SECRETS=A":       "variables that start with LAUNCHER_ are the launcher's",
		"MLRUN_K8S_SECRET__DB_PASSWORD=ca": "the launcher reads the task and its secrets from this variable",
		"DB_PASSWORD=c4n4ry":               "the task has a secret key of this name, and --env gives no secret",
		"user=c4n4ry":                      "the task has a secret key of this name",
		"PLAIN=c4n4ry":                     "the task has a secret key of this name",
		"FROM_VAULT=c4n4ry":                "the task has a secret key of this name",
		"FROM_PROGRAM=c4n4ry":              "the task has a secret key of this name",
		"INLINE=c4n4ry":                    "the task has a secret key of this name",
		"E=c4n4ry":                         "the task has a secret key of this name",
		"FROM_ENV=c4n4ry":                  "the task has a secret key of this name",
	} {
		got := aManifest(t, task, "--values-file", "v.yaml", "--env", flag)
		require.Equal(t, 125, got.status, flag)
		require.Contains(t, got.stderr, want, flag)
		require.NotContains(t, got.stderr, "c4n4ry")
		require.Empty(t, got.stdout)
	}
	got := aManifest(t, task, "--values-file", "v.yaml", "--env", "OK=1", "--env", "OK=1", "--env", "A", "--env", "user=1")
	require.Equal(t, 125, got.status)
	require.Contains(t, got.stderr, `--env "A" is not KEY=VALUE`)
	got = aManifest(t, task, "--values-file", "v.yaml", "--env", "OK=1", "--env", "OK=1", "--env", "user=1")
	require.Contains(t, got.stderr, `--env "OK": duplicate variable`)
	require.Contains(t, got.stderr, `--env "user": the task has`)
}

// TestAKeyThatNoTaskNamesIsNoVariableEither is a task that gets all of the project's keys.
func TestAKeyThatNoTaskNamesIsNoVariableEither(t *testing.T) {
	got := aManifest(t, "metadata: {name: a, project: fraud}", "--keys", "DB_PASSWORD,B", "--env", "B=1")
	require.Equal(t, 125, got.status)
	require.Contains(t, got.stderr, `--env "B": the task has a secret key of this name`)
}

// TestVolumesOfTheHandler looks at the pod of every kind of volume.
func TestVolumesOfTheHandler(t *testing.T) {
	got := aManifest(t, "metadata: {name: a}", "--volume", "pvc/data:/data", "--volume", "pvc/data:/input:ro", "--volume", "cm/app:/etc/app",
		"--volume", "secret/tls:/etc/tls", "--volume", "emptydir:/tmp", "--image-pull-secret", "one", "--image-pull-secret", "two")
	require.Zero(t, got.status, got.stderr)
	pod := decoded(t, got.stdout).Spec.Template.Spec
	require.Equal(t, []corev1.LocalObjectReference{{Name: "one"}, {Name: "two"}}, pod.ImagePullSecrets)
	at := map[string]corev1.VolumeMount{}
	for _, m := range pod.Containers[0].VolumeMounts {
		at[m.MountPath] = m
	}
	require.Equal(t, corev1.VolumeMount{Name: "launcher-pvc-data", MountPath: "/data"}, at["/data"])
	require.Equal(t, corev1.VolumeMount{Name: "launcher-pvc-data", MountPath: "/input", ReadOnly: true}, at["/input"])
	require.True(t, at["/etc/app"].ReadOnly && at["/etc/tls"].ReadOnly)
	require.Equal(t, "launcher-emptydir-tmp", at["/tmp"].Name, "in place of the small one")
	volumes := map[string]corev1.Volume{}
	for _, v := range pod.Volumes {
		require.NotContains(t, volumes, v.Name)
		volumes[v.Name] = v
	}
	require.Equal(t, "data", volumes["launcher-pvc-data"].PersistentVolumeClaim.ClaimName)
	require.Equal(t, "app", volumes["launcher-configmap-app"].ConfigMap.Name)
	require.Equal(t, "tls", volumes["launcher-secret-tls"].Secret.SecretName)
	require.EqualValues(t, 0o400, *volumes["launcher-secret-tls"].Secret.DefaultMode)
	require.NotContains(t, volumes, "tmp")

	for flag, want := range map[string]string{
		"--template=a --container=b":             "--template is for a manifest",
		"--volume=pvc/data:/launcher-bin":        `have the same mount path "/launcher-bin"`,
		"--volume=data:/data":                    `volume "data:/data": unknown kind of volume`,
		"--image-pull-secret=A_b":                "is not a valid name of a Secret",
		"--volume=pvc/a:/x --volume=cm/b:/x":     `have the same mount path "/x"`,
		"--volume=pvc/a:/tmp --volume=cm/b:/tmp": `have the same mount path "/tmp"`,
		"--volume=pvc/a:/launcher-bin/x":         `a volume at "/launcher-bin/x" is inside the volume "launcher-bin", which is read-only`,
	} {
		got := aManifest(t, "metadata: {name: a}", strings.Fields(flag)...)
		require.Equal(t, 125, got.status, flag)
		require.Contains(t, got.stderr, want)
	}
}

// TestAManifestGainsVariablesAndVolumes of flags, once, and keeps its references.
func TestAManifestGainsVariablesAndVolumes(t *testing.T) {
	folder := t.TempDir()
	into := func(text string, flags ...string) result {
		args := []string{"manifest", "--task", write(t, "t.yaml", "metadata: {name: a}"), "--launcher-image", "l", "--into", write(t, "job.yaml", text)}
		return ctlIn(t, folder, nil, append(args, flags...)...)
	}
	flags := []string{"--env", "TASK=other", "--env", "NEW=1", "--volume", "pvc/data:/data", "--image-pull-secret", "pull"}
	once := into(ownJob, flags...)
	require.Zero(t, once.status, once.stderr)
	require.Contains(t, once.stderr, `variable "TASK" of the manifest is replaced`)
	pod := decoded(t, once.stdout).Spec.Template.Spec
	require.Equal(t, "pull", pod.ImagePullSecrets[0].Name)
	require.Contains(t, pod.Containers[0].Env, corev1.EnvVar{Name: "NEW", Value: "1"})
	require.Contains(t, pod.Containers[0].VolumeMounts, corev1.VolumeMount{Name: "launcher-pvc-data", MountPath: "/data"})
	require.Equal(t, result{once.stdout, "", 0}, into(once.stdout, flags...))

	refers := strings.Replace(ownJob, "value: own", "valueFrom: {secretKeyRef: {name: creds, key: token}}", 1)
	got := into(refers, flags...)
	require.Equal(t, 125, got.status)
	require.Contains(t, got.stderr, `variable "TASK" of the manifest refers to key "token" of Secret "creds", and --env cannot replace a secret`)
	got = into("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec:\n  templates:\n  - name: a\n    container: {command: [x]}\n", flags...)
	require.Equal(t, 125, got.status)
	require.Contains(t, got.stderr, "does not support --image-pull-secret")
}
