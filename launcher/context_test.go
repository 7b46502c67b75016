package launcher_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// A task with a member that the launcher writes would replace the secrets.
func TestATaskCannotHaveAMemberThatTheLauncherWrites(t *testing.T) {
	context := launcher.Context{Task: task.Empty(), Secrets: []resolve.Secret{
		{Key: "TEXT", Value: resolve.NewValue([]byte("x"))}, {Key: "BYTES", Value: resolve.NewValue([]byte{0xff})},
	}}
	var written []string
	for _, write := range []func() ([]byte, error){
		context.JSON, context.JSONOfTask,
		func() ([]byte, error) { return context.JSONWithout(task.MemberSecretsEnv, []string{"A", "B"}) },
		func() ([]byte, error) { return context.JSONWithout(task.MemberSecretsFiles, []string{"A", "B"}) },
	} {
		text, err := write()
		require.NoError(t, err)
		written = append(written, members(t, text, "")...)
	}
	text, err := os.ReadFile(filepath.Join("..", "docs", "context.schema.json"))
	require.NoError(t, err)
	require.Subset(t, written, task.Members())
	require.ElementsMatch(t, append(task.Members(), "metadata", "spec"), members(t, text, "properties"))
	for _, name := range written {
		node, err := document.Parse("task", []byte(`{"`+name+`": {}}`))
		require.NoError(t, err)
		_, err = task.Parse(node)
		require.Equal(t, name == "metadata" || name == "spec", err == nil, name)
	}
}

// members returns the names of a JSON object's members, or of the named one's.
func members(t *testing.T, text []byte, name string) (names []string) {
	var object map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &object))
	if name != "" {
		return members(t, object[name], "")
	}
	for name := range object {
		names = append(names, name)
	}
	return names
}
