package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// kubelet runs the pod of a printed Job on this machine as a node's kubelet
// would: the init container, the variables with what is replaced in them, the
// mounted Secrets. The pod's directories are below a folder of the test.
type kubelet struct {
	folder  string
	secrets map[string]map[string][]byte // of the namespace
}

// directories is where a pod has the launcher's things.
var directories = []string{"/launcher-bin", "/var/run/launcher", "/var/run/secrets", "/etc/tls"}

// run is the handler's end.
func (k kubelet) run(t *testing.T, manifest string) result {
	t.Helper()
	handler, environ := k.prepare(t, manifest)
	var line, entries []string
	for _, arg := range slices.Concat(handler.Command, handler.Args) {
		line = append(line, replaced(arg, environ))
	}
	for name, value := range environ {
		entries = append(entries, name+"="+value)
	}
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = append(entries, "PATH="+os.Getenv("PATH"))
	return finish(t, cmd)
}

// prepare is the handler's container and its variables, with all that is
// mounted.
func (k kubelet) prepare(t *testing.T, manifest string) (corev1.Container, map[string]string) {
	t.Helper()
	for _, dir := range directories {
		manifest = strings.ReplaceAll(manifest, dir, k.folder+dir)
	}
	pod := decoded(t, manifest).Spec.Template.Spec
	for _, c := range pod.InitContainers {
		for _, m := range c.VolumeMounts {
			require.NoError(t, os.MkdirAll(m.MountPath, 0o700))
		}
		require.Equal(t, "/launcher", c.Command[0])
		require.Zero(t, finish(t, exec.Command(filepath.Join(bin, "launcher"), c.Command[1:]...)).status)
	}
	handler := pod.Containers[0]
	for _, m := range handler.VolumeMounts {
		i := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		require.GreaterOrEqual(t, i, 0, m.Name)
		if source := pod.Volumes[i].Secret; source != nil {
			k.mount(t, source, m.MountPath)
		}
	}
	environ := map[string]string{}
	for _, v := range handler.Env {
		value, ok := replaced(v.Value, environ), true
		if v.ValueFrom != nil {
			value, ok = k.refer(t, v.ValueFrom.SecretKeyRef)
		}
		if ok {
			environ[v.Name] = value
		}
	}
	return handler, environ
}

func (k kubelet) refer(t *testing.T, ref *corev1.SecretKeySelector) (string, bool) {
	t.Helper()
	value, ok := k.secrets[ref.Name][ref.Key]
	require.True(t, ok || ref.Optional != nil && *ref.Optional, "CreateContainerConfigError: %s/%s", ref.Name, ref.Key)
	return string(value), ok
}

func (k kubelet) mount(t *testing.T, source *corev1.SecretVolumeSource, path string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(path, 0o700))
	secret, ok := k.secrets[source.SecretName]
	require.True(t, ok || source.Optional != nil && *source.Optional, "MountVolume.SetUp failed: %s", source.SecretName)
	items := source.Items
	if len(items) == 0 {
		for key := range secret {
			items = append(items, corev1.KeyToPath{Key: key, Path: key})
		}
	}
	for _, item := range items {
		if value, ok := secret[item.Key]; ok {
			require.NoError(t, os.WriteFile(filepath.Join(path, item.Path), value, os.FileMode(*source.DefaultMode)))
		} else {
			require.True(t, *source.Optional, "references non-existent secret key: %s", item.Key)
		}
	}
}

// replaced is a text with $(NAME) replaced, as the kubelet does: $$ is one $,
// and a name that is not known stays as it is.
func replaced(text string, environ map[string]string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '$' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		end := strings.IndexByte(text[i:], ')')
		switch {
		case text[i+1] == '$':
			out.WriteByte('$')
			i++
		case text[i+1] == '(' && end > 0:
			name := text[i+2 : i+end]
			value, ok := environ[name]
			if !ok {
				value = "$(" + name + ")"
			}
			out.WriteString(value)
			i += end
		default:
			out.WriteByte('$')
		}
	}
	return out.String()
}

// action is what the Job does when its handler's container ends with a status.
func action(job batchv1.Job, status int) batchv1.PodFailurePolicyAction {
	for _, rule := range job.Spec.PodFailurePolicy.Rules {
		if on := rule.OnExitCodes; on != nil && *on.ContainerName == job.Spec.Template.Spec.Containers[0].Name && slices.Contains(on.Values, int32(status)) {
			return rule.Action
		}
	}
	return batchv1.PodFailurePolicyActionCount
}
