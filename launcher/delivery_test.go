package launcher

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// secretsOf returns a secret for each pair of a key and a value.
func secretsOf(pairs ...string) (secrets []resolve.Secret) {
	for i := 0; i < len(pairs); i += 2 {
		secrets = append(secrets, resolve.Secret{Key: pairs[i], Value: resolve.NewValue([]byte(pairs[i+1]))})
	}
	return secrets
}

func TestRoutesSayWhereEachSecretArrives(t *testing.T) {
	secrets := secretsOf("TEXT", "x", "BYTES", "\xff", "a-b.c", "")
	for delivery, want := range map[Delivery][]string{
		Stdin:  {"secrets.TEXT", "secrets_base64.BYTES", "secrets.a-b.c"},
		FD:     {"secrets.TEXT", "secrets_base64.BYTES", "secrets.a-b.c"},
		Env:    {"TEXT", "BYTES", "a_b_c"},
		Files:  {"TEXT", "BYTES", "a-b.c"},
		Socket: {"/v1/secrets/TEXT", "/v1/secrets/BYTES", "/v1/secrets/a-b.c"},
	} {
		routes, err := delivery.Routes(secrets, EnvOptions{})
		require.NoError(t, err, delivery)
		require.Equal(t, want, routes, delivery)
		routes, err = delivery.Routes(nil, EnvOptions{})
		require.NoError(t, err, delivery)
		require.Empty(t, routes, delivery)
	}
}

func TestAVariableHasANameThatAShellCanHold(t *testing.T) {
	for _, c := range []struct{ prefix, key, want string }{
		{"", "DB_PASSWORD", "DB_PASSWORD"},
		{"", "db-password.", "db_password_"},
		{"", "1st", "_1st"},
		{"", "-", "_"},
		{"", "größe", "gr__e"},
		{"", "a\xffb", "a_b"},
		{"MLRUN_K8S_SECRET__", "db-password.", "MLRUN_K8S_SECRET__DB-PASSWORD."},
		{"P_", "1st", "P_1ST"},
	} {
		require.Equal(t, c.want, EnvOptions{Prefix: c.prefix}.variable(c.key), "%q %q", c.prefix, c.key)
	}
}

// TestRoutesNameEverySecretThatTheyCannotCarry has one of each reason, and shows
// no value.
func TestRoutesNameEverySecretThatTheyCannotCarry(t *testing.T) {
	const value = "hidden-value"
	secrets := secretsOf("GOOD", value, "LD_PRELOAD", value, "NUL", value+"\x00", "LONG", value+strings.Repeat("x", maxVariable), "my.key", value, "my-key", value)
	_, err := Env.Routes(secrets, EnvOptions{})
	require.Equal(t, []string{"LD_PRELOAD", "NUL", "LONG", "my-key"}, refusedKeys(t, err))
	require.NotContains(t, err.Error(), value)
	_, err = Env.Routes(secrets[:2], EnvOptions{Allow: []string{"LD_*"}})
	require.NoError(t, err)
	_, err = Env.Routes(secrets[:2], EnvOptions{Prefix: "P_"})
	require.NoError(t, err, "a prefix makes another name of it")

	_, err = Files.Routes(secretsOf("context.json", value, "other.json", value), EnvOptions{})
	require.Equal(t, []string{"context.json"}, refusedKeys(t, err))
	for _, delivery := range []Delivery{Stdin, FD, Socket} {
		_, err = delivery.Routes(append(secrets, secretsOf("context.json", value)...), EnvOptions{})
		require.NoError(t, err, delivery)
	}
}

// refusedKeys returns the key of each RefusedError, all of which have a hint.
func refusedKeys(t *testing.T, err error) (keys []string) {
	t.Helper()
	for _, e := range document.Unjoin(err) {
		var refused *RefusedError
		require.True(t, errors.As(e, &refused), e)
		require.NotEmpty(t, refused.Hint(), e)
		keys = append(keys, refused.Key)
	}
	return keys
}

func TestAVariableIsAsLongAsTheKernelTakes(t *testing.T) {
	for length, fits := range map[int]bool{maxVariable: true, maxVariable + 1: false} {
		_, err := Env.Routes(secretsOf("KEY", strings.Repeat("x", length-len("KEY="))), EnvOptions{})
		require.Equal(t, fits, err == nil, length)
	}
}
