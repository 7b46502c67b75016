package exposure

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestANameIsGuessedToBeASecretsByItsLastWords(t *testing.T) {
	for _, name := range []string{"PASSWORD", "DB_PASSWORD", "dbPassword", "db-password", "spring.datasource.password", "SMTP_PASS", "DB_PWD", "API_KEY", "apiKey", "APIKEY",
		"AWS_SECRET_ACCESS_KEY", "SECRET_KEY_BASE", "GITHUB_TOKEN", "JWT_SECRET", "PRIVATE_KEY", "PASSWORD_1", "TOKEN_NEW", "AIRFLOW__CORE__FERNET_KEY", "REDIS_PASSWORD_BASE64"} {
		require.True(t, soundsSecret(name), name)
	}
	for _, name := range []string{"", "DB_PASSWORD_FILE", "TOKEN_TTL", "SECRET_NAME", "TOKENIZERS_PARALLELISM", "MAX_TOKENS", "PWD", "PASS", "AWS_ACCESS_KEY_ID", "KEY", "SORT_KEY", "PUBLIC_KEY",
		"PASSWORD_LENGTH", "COMPASS", "no-password", "MONKEY", "SECRETARY", "TOKEN_URL"} {
		require.False(t, soundsSecret(name), name)
	}
}

func TestAValueThatIsNoSecretIsNone(t *testing.T) {
	for _, value := range []string{"", " ", "true", "none", "0", "3600", "/run/secrets/x", "./x", "../x", "$(OTHER)", "$OTHER", "${OTHER}", "vault:secret/data/x#y", "ref+awsssm://x",
		"arn:aws:secretsmanager:x", "<redacted>", "****", "xxxx"} {
		require.False(t, looksSecret("PASSWORD", value), value)
	}
	for _, value := range []string{"hunter2", "changeme", "1234567", "a b", "p$a"} {
		require.True(t, looksSecret("PASSWORD", value), value)
	}
	for value, want := range map[string]bool{"postgres://u:p@h/d": true, "redis://:p@h": true, "postgres://u:$(PASSWORD)@h": false, "postgres://u:${P}@h": false, "https://h/p@x": false,
		"https://u@h": false, "Server=h;Password=p;": true, "Server=h;Pwd=$(P)": false, "x?password=p": true, "passwordless=yes": false, "h:5432": false} {
		require.Equal(t, want, looksSecret("URL", value), value)
	}
}

func TestArgumentsThatLookLikeSecretsAreNamed(t *testing.T) {
	for _, c := range []struct{ line, want []string }{
		{[]string{"--password", "hunter2"}, []string{"password"}},
		{[]string{"--password=hunter2", "-token=x1"}, []string{"password", "token"}},
		{[]string{"--password", "--other", "x"}, nil},
		{[]string{"--password"}, nil},
		{[]string{"--password-file", "x"}, nil},
		{[]string{"--password", "$(PASSWORD)"}, nil},
		{[]string{"DB_PASSWORD=hunter2"}, []string{"DB_PASSWORD"}},
		{[]string{"sh", "-c", "export API_TOKEN='hunter2'; run --password \"$P\" && curl https://u:p@h"}, []string{"API_TOKEN", ""}},
		{[]string{"prog", "--token-lifetime", "300", "-p", "5432"}, nil},
	} {
		require.Equal(t, c.want, secretArguments(c.line), c.line)
	}
}
