package main_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

// TestScripts runs testdata/script: what a user types and sees. Every manifest
// that is printed there is decoded by the types of Kubernetes, strictly.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "", // writes what was printed; read the diff
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+":"+os.Getenv("PATH"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status, "strict": strict},
	})
}

// status N ARG... runs the program with the arguments and expects the exit
// status N; stdout and stderr are there for the commands of those names.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: status N ARG...")
	}
	err := ts.Exec("launcherctl", args[1:]...)
	got := 0
	if ended, ok := err.(*exec.ExitError); ok {
		got = ended.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("status %d, expected %s", got, args[0])
	}
}

// strict FILE... decodes each file's objects by the types of Kubernetes.
func strict(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		if err := decode(ts.ReadFile(name)); (err != nil) != neg {
			ts.Fatalf("%s: %v", name, err)
		}
	}
}

// decode refuses what Kubernetes' types do not have, in each document of a text.
// Of the objects of others it is the pods that are decoded.
func decode(text string) error {
	for _, document := range regexp.MustCompile(`(?m)^---\s*\n`).Split(text, -1) {
		if strings.TrimSpace(document) == "" {
			continue
		}
		if err := decodeOne([]byte(document)); err != nil {
			return err
		}
	}
	return nil
}

func decodeOne(text []byte) error {
	var object map[string]any
	if err := yaml.UnmarshalStrict(text, &object); err != nil {
		return err
	}
	kind, _ := object["kind"].(string)
	typed := map[string]any{
		"Job": &batchv1.Job{}, "CronJob": &batchv1.CronJob{}, "Pod": &corev1.Pod{}, "Secret": &corev1.Secret{},
		"Deployment": &appsv1.Deployment{}, "StatefulSet": &appsv1.StatefulSet{}, "ServiceAccount": &corev1.ServiceAccount{},
		"Service": &corev1.Service{}, "ConfigMap": &corev1.ConfigMap{}, "Namespace": &corev1.Namespace{},
		"Role": &rbacv1.Role{}, "RoleBinding": &rbacv1.RoleBinding{},
	}[kind]
	if typed != nil {
		return yaml.UnmarshalStrict(text, typed)
	}
	pods, err := decodePods(object)
	if err == nil && pods == 0 {
		err = fmt.Errorf("a %q, in which there is no pod", kind)
	}
	return err
}

// decodePods decodes what is a pod template, or one of Argo's, wherever it is.
func decodePods(value any) (pods int, err error) {
	var below []any
	switch value := value.(type) {
	case []any:
		below = value
	case map[string]any:
		spec, _ := value["spec"].(map[string]any)
		template, argo := any(nil), any(nil)
		if _, ok := spec["containers"].([]any); ok {
			template = value
		}
		for _, field := range []string{"container", "script"} {
			if c, ok := value[field].(map[string]any); ok && c["image"] != nil {
				delete(c, "source") // of a script
				argo = map[string]any{"containers": []any{withName(c)}, "volumes": value["volumes"],
					"initContainers": value["initContainers"], "securityContext": value["securityContext"], "serviceAccountName": value["serviceAccountName"]}
			}
		}
		switch {
		case template != nil:
			return 1, again(template, &corev1.PodTemplateSpec{})
		case argo != nil:
			return 1, again(argo, &corev1.PodSpec{})
		}
		for _, v := range value {
			below = append(below, v)
		}
	}
	for _, v := range below {
		n, err := decodePods(v)
		if err != nil {
			return pods, err
		}
		pods += n
	}
	return pods, nil
}

func withName(container map[string]any) map[string]any {
	if container["name"] == nil {
		container["name"] = "main"
	}
	return container
}

func again(value, into any) error {
	text, err := yaml.Marshal(value)
	if err != nil {
		return err
	}
	return yaml.UnmarshalStrict(text, into)
}

// rendered matches the files that a tool turns into manifests, which charts_test.go decodes.
var rendered = regexp.MustCompile(`/examples/(?:helm|kustomize)/`)

// TestEveryManifestInTheRepositoryIsOne decodes each file and each block of a
// page that is an object of Kubernetes.
func TestEveryManifestInTheRepositoryIsOne(t *testing.T) {
	var objects, parts int
	check := func(where, text string) {
		switch {
		case regexp.MustCompile(`(?m)^apiVersion: `).MatchString(text):
			objects++
			require.NoError(t, decode(text), where)
		case regexp.MustCompile(`(?m)^(initC|c)ontainers:`).MatchString(text): // a part of a pod
			parts++
			require.NoError(t, yaml.UnmarshalStrict([]byte(text), &corev1.PodSpec{}), where)
		}
	}
	blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")
	indented := regexp.MustCompile(`(?m)^    apiVersion: .*\n(?:    .*\n)*`)
	for _, pattern := range []string{"../../README.md", "../../docs/*.md", "../../examples/*/README.md"} {
		pages, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, page := range pages {
			for _, block := range blocks.FindAllStringSubmatch(read(t, page), -1) {
				check(page, block[1])
			}
			for _, block := range indented.FindAllString(read(t, page), -1) {
				check(page, regexp.MustCompile(`(?m)^    `).ReplaceAllString(block, ""))
			}
		}
	}
	for _, pattern := range []string{"../../examples/*/*.yaml", "../../examples/*/*/*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			if !rendered.MatchString(file) {
				check(file, read(t, file))
			}
		}
	}
	require.GreaterOrEqual(t, objects, 3)
	require.Positive(t, parts)
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
}
