package task

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve/document"
)

// read is the document of a text, and the task that it holds.
func read(t *testing.T, text string) (Task, error) {
	t.Helper()
	node, err := document.Parse("task", []byte(text))
	require.NoError(t, err)
	return Parse(node)
}

// encoded is a node as JSON.
func encoded(t *testing.T, n *document.Node) string {
	t.Helper()
	text, err := n.AppendJSON(nil)
	require.NoError(t, err)
	return string(text)
}

// mlrun is the run object of MLRun's own documentation, as its pods have it.
const mlrun = `{
  "kind": "run",
  "metadata": {"name": "train", "uid": "4a1c", "project": "fraud", "iteration": 0,
               "labels": {"kind": "job", "owner": "ana"}, "annotations": {}},
  "spec": {
    "handler": "test_function",
    "parameters": {"db_name": "sales"},
    "inputs": {"infile.txt": "s3://bucket/infile.txt"},
    "hyperparams": {}, "output_path": "/out", "log_level": "info", "outputs": [],
    "secret_sources": [
      {"kind": "inline", "source": {"MY_SECRET": "12345"}},
      {"kind": "env", "source": "MY_SECRET, ANOTHER_SECRET"},
      {"kind": "file", "source": "/path/to/secrets.txt", "prefix": "APP_"},
      {"kind": "kubernetes", "source": ["password", "aws_key"]},
      {"kind": "azure_vault", "source": {"name": "my-vault", "k8s_secret": "azure-creds", "secrets": []}, "optional": true}
    ]
  },
  "status": {"state": "created"}
}`

func TestMLRunsOwnExample(t *testing.T) {
	task, err := read(t, mlrun)
	require.NoError(t, err)
	require.JSONEq(t, `{"name": "train", "uid": "4a1c", "project": "fraud", "iteration": 0,
		"labels": {"kind": "job", "owner": "ana"}, "annotations": {}}`, encoded(t, task.Metadata))
	require.JSONEq(t, `{"handler": "test_function", "parameters": {"db_name": "sales"}, "inputs": {"infile.txt": "s3://bucket/infile.txt"},
		"hyperparams": {}, "output_path": "/out", "log_level": "info", "outputs": []}`, encoded(t, task.Spec))
	require.Equal(t, "test_function", task.Handler())
	require.Empty(t, task.Extra)

	var sources []string
	for _, d := range task.Sources {
		sources = append(sources, fmt.Sprintf("%s %q %t %d:%d %s", d.Kind, d.Prefix, d.Optional, d.At.Line, d.At.Column, encoded(t, d.Source)))
	}
	require.Equal(t, []string{
		`inline "" false 11:7 {"MY_SECRET":"12345"}`,
		`env "" false 12:7 "MY_SECRET, ANOTHER_SECRET"`,
		`file "APP_" false 13:7 "/path/to/secrets.txt"`,
		`kubernetes "" false 14:7 ["password","aws_key"]`,
		`azure_vault "" true 15:7 {"name":"my-vault","k8s_secret":"azure-creds","secrets":[]}`,
	}, sources)
}

func TestATaskIsTheSameInYAML(t *testing.T) {
	inYAML, err := read(t, `
kind: run
metadata: {name: train, labels: {owner: ana}}
spec:
  handler: test_function
  parameters: {rate: 0.50, n: 3}
  secret_sources:
  - kind: env
    source: [A]
`)
	require.NoError(t, err)
	inJSON, err := read(t, `{"kind": "run", "metadata": {"name": "train", "labels": {"owner": "ana"}}, "spec": {"handler": "test_function",
		"parameters": {"rate": 0.50, "n": 3}, "secret_sources": [{"kind": "env", "source": ["A"]}]}}`)
	require.NoError(t, err)
	require.Equal(t, encoded(t, inJSON.Metadata), encoded(t, inYAML.Metadata))
	require.Equal(t, encoded(t, inJSON.Spec), encoded(t, inYAML.Spec))
	require.Equal(t, encoded(t, inJSON.Sources[0].Source), encoded(t, inYAML.Sources[0].Source))
}

const (
	noMetadata = `{"name":"","uid":"","project":"","iteration":0,"labels":{},"annotations":{}}`
	noSpec     = `{"parameters":{},"inputs":{}}`
)

func TestWhatATaskLeavesOutIsThereAndEmpty(t *testing.T) {
	for _, text := range []string{
		"{}", "kind: run", "metadata:\nspec:\n", "{metadata: {}, spec: {}}", "{spec: {secret_sources: []}}", "{spec: {secret_sources: ~}}",
		"{status: {state: x}}", "{metadata: ~, spec: ~, kind: ~, status: ~}",
	} {
		task, err := read(t, text)
		require.NoError(t, err, text)
		require.JSONEq(t, noMetadata, encoded(t, task.Metadata), text)
		require.JSONEq(t, noSpec, encoded(t, task.Spec), text)
		require.Empty(t, task.Sources)
		require.Empty(t, task.Extra)
		require.Empty(t, task.Handler())
	}
	task := Empty()
	require.Equal(t, noMetadata, encoded(t, task.Metadata))
	require.Equal(t, noSpec, encoded(t, task.Spec))
}

func TestNullIsWhatIsLeftOut(t *testing.T) {
	task, err := read(t, "{metadata: {name: ~, uid: ~, project: ~, iteration: ~, labels: ~, annotations: ~}, spec: {parameters: ~, inputs: ~, handler: ~, output_path: ~}}")
	require.NoError(t, err)
	require.JSONEq(t, noMetadata, encoded(t, task.Metadata))
	require.JSONEq(t, `{"parameters": {}, "inputs": {}, "handler": null, "output_path": null}`, encoded(t, task.Spec))
	require.Empty(t, task.Handler())
}

func TestAScalarForANameKeepsItsText(t *testing.T) {
	task, err := read(t, "{metadata: {name: 2026, uid: 012, project: true}, spec: {handler: 1.10, output_path: 0x1F}}")
	require.NoError(t, err)
	require.JSONEq(t, `{"name": "2026", "uid": "012", "project": "true", "iteration": 0, "labels": {}, "annotations": {}}`, encoded(t, task.Metadata))
	require.JSONEq(t, `{"handler": "1.10", "output_path": "0x1F", "parameters": {}, "inputs": {}}`, encoded(t, task.Spec))
	require.Equal(t, "1.10", task.Handler())
}

func TestAnIterationIsAWholeNumber(t *testing.T) {
	for text, want := range map[string]string{"0": "0", "7": "7", "-1": "-1", "0x10": "16", "1_000": "1000", "+3": "3", "9223372036854775807": "9223372036854775807"} {
		task, err := read(t, "metadata: {iteration: "+text+"}")
		require.NoError(t, err, text)
		require.Equal(t, want, encoded(t, task.Metadata.Field("iteration")))
	}
	for text, want := range map[string]string{
		"1.5": "must be a whole number", "1.0": "must be a whole number", "1e3": "must be a whole number", ".inf": "must be a whole number",
		"9223372036854775808": "must be a whole number", "123456789012345678901": "must be a whole number",
		"'1'": "must be a number, not a string", "true": "must be a number, not a boolean", "[]": "must be a number, not a list",
	} {
		_, err := read(t, "metadata: {iteration: "+text+"}")
		require.EqualError(t, err, "task:1:23: metadata.iteration "+want)
	}
}

func TestFieldsThatMLRunHasNotAreKept(t *testing.T) {
	task, err := read(t, `{"x": 1, "Secretive": {"a": "b"}, "spec": {"y": [1.10, {"z": null}], "handler": "h"}, "metadata": {"w": true}, "kind": "run", "secretStuff": []}`)
	require.NoError(t, err)
	var extra []string
	for _, f := range task.Extra {
		extra = append(extra, f.Name+" "+encoded(t, f.Value))
	}
	require.Equal(t, []string{"x 1", `Secretive {"a":"b"}`, "secretStuff []"}, extra)
	require.Equal(t, `[1.10,{"z":null}]`, encoded(t, task.Spec.Field("y")))
	require.Equal(t, "true", encoded(t, task.Metadata.Field("w")))
}

func TestParseLeavesItsDocumentAlone(t *testing.T) {
	node, err := document.Parse("task", []byte(mlrun))
	require.NoError(t, err)
	before := encoded(t, node)
	task, err := Parse(node)
	require.NoError(t, err)
	task.SetParameter("db_name", &document.Node{Kind: document.Null})
	require.Equal(t, before, encoded(t, node))
}

func TestEveryProblemOfATaskIsInOneErrorWithItsPlace(t *testing.T) {
	_, err := read(t, `secret_sources: []
version: 2
secrets: {A: b}
metadata:
  name: [a]
  labels: x
  iteration: 1.5
spec:
  handler: {a: b}
  parameters: 12
  inputs: [a]
  secret_sources:
  - kind: env
    sorce: A
  - env
  - kind: [x]
    source: a
  - kind: file
    source: /x
    prefix: 1
    optional: maybe
  - {}
`)
	require.EqualError(t, err, strings.Join([]string{
		"task:1:1: secret_sources belongs to the task's spec",
		`task:2:1: field "version" is reserved: the launcher writes it into the context`,
		`task:3:1: field "secrets" is reserved: the launcher writes it into the context`,
		"task:5:9: metadata.name must be a string, not a list",
		"task:6:11: metadata.labels must be a map, not a string",
		"task:7:14: metadata.iteration must be a whole number",
		"task:9:12: spec.handler must be a string, not a map",
		"task:10:15: spec.parameters must be a map, not a number",
		"task:11:11: spec.inputs must be a map, not a list",
		"task:13:5: a secret source has no source",
		`task:14:5: unknown field "sorce" in a secret source`,
		"task:15:5: a secret source must be a map of kind and source, not a string",
		"task:16:11: kind must be a string, not a list",
		"task:20:13: prefix must be a string, not a number",
		"task:21:15: optional must be true or false, not a string",
		"task:22:5: a secret source has no kind",
		"task:22:5: a secret source has no source",
	}, "\n"))
}

func TestWrongTypesAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"[]": "1:1: a task must be a map, not a list", "a task": "1:1: a task must be a map, not a string", "12": "1:1: a task must be a map, not a number",
		"~": "1:1: a task must be a map, not null", "true": "1:1: a task must be a map, not a boolean", "!!binary aGk=": "1:1: a task must be a map, not bytes",
		"metadata: []": "1:11: metadata must be a map, not a list", "metadata: x": "1:11: metadata must be a map, not a string",
		"spec: x": "1:7: spec must be a map, not a string", "spec: []": "1:7: spec must be a map, not a list", "spec: 1": "1:7: spec must be a map, not a number",
		"metadata: {uid: {}}":              "1:17: metadata.uid must be a string, not a map",
		"metadata: {project: []}":          "1:21: metadata.project must be a string, not a list",
		"metadata: {name: !!binary aGk=}":  "1:18: metadata.name must be a string, not bytes",
		"metadata: {labels: []}":           "1:20: metadata.labels must be a map, not a list",
		"metadata: {annotations: 1}":       "1:25: metadata.annotations must be a map, not a number",
		"spec: {parameters: []}":           "1:20: spec.parameters must be a map, not a list",
		"spec: {inputs: x}":                "1:16: spec.inputs must be a map, not a string",
		"spec: {output_path: []}":          "1:21: spec.output_path must be a string, not a list",
		"spec: {secret_sources: {}}":       "1:24: secret_sources must be a list, not a map",
		"spec: {secret_sources: env}":      "1:24: secret_sources must be a list, not a string",
		"spec: {secret_sources: 1}":        "1:24: secret_sources must be a list, not a number",
		"secret_sources: ~":                "1:1: secret_sources belongs to the task's spec",
		"secrets_base64: {}":               `1:1: field "secrets_base64" is reserved: the launcher writes it into the context`,
		"secrets_env: ~":                   `1:1: field "secrets_env" is reserved: the launcher writes it into the context`,
		"secrets_files: {A: /x}":           `1:1: field "secrets_files" is reserved: the launcher writes it into the context`,
		"Secrets-Files: {A: /x}":           `1:1: field "Secrets-Files" is reserved: the launcher writes it into the context`,
		"metadata: {secret_sources: [{}]}": "",
	} {
		_, err := read(t, text)
		if want == "" {
			require.NoError(t, err, text)
			continue
		}
		require.EqualError(t, err, "task:"+want, text)
	}
}
