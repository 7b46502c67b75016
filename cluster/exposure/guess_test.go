package exposure

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestANameIsGuessedToBeASecretsByItsLastWords(t *testing.T) {
	for _, name := range []string{"PASSWORD", "DB_PASSWORD", "dbPassword", "db-password", "spring.datasource.password", "SMTP_PASS", "DB_PWD", "API_KEY", "apiKey", "APIKEY",
		"AWS_SECRET_ACCESS_KEY", "SECRET_KEY_BASE", "GITHUB_TOKEN", "JWT_SECRET", "PRIVATE_KEY", "PASSWORD_1", "TOKEN_NEW", "AIRFLOW__CORE__FERNET_KEY", "REDIS_PASSWORD_BASE64",
		"PGPASSWORD", "DB_PASSWORDS", "API_TOKENS", "LICENSE_KEY"} {
		require.True(t, soundsSecret(name), name)
	}
	for _, name := range []string{"", "DB_PASSWORD_FILE", "TOKEN_TTL", "SECRET_NAME", "TOKENIZERS_PARALLELISM", "MAX_TOKENS", "PWD", "PASS", "AWS_ACCESS_KEY_ID", "KEY", "SORT_KEY", "PUBLIC_KEY",
		"PASSWORD_LENGTH", "COMPASS", "no-password", "MONKEY", "SECRETARY", "TOKEN_URL", "IMAGE_PULL_SECRET", "existingSecret", "tls-secret"} {
		require.False(t, soundsSecret(name), name)
	}
}

func TestAValueThatIsNoSecretIsNone(t *testing.T) {
	for _, value := range []string{"", " ", "true", "none", "0", "3600", "/run/secrets/x", "./x", "../x", "$(OTHER)", "$OTHER", "${OTHER}", "vault:secret/data/x#y", "ref+awsssm://x",
		"arn:aws:secretsmanager:x", "<redacted>", "****", "xxxx", "~", "{{ x }}", "ENC[AES256_GCM,data:x]"} {
		require.False(t, looksSecret("PASSWORD", value), value)
	}
	for _, value := range []string{"hunter2", "changeme", "1234567", "a b", "p$a"} {
		require.True(t, looksSecret("PASSWORD", value), value)
	}
	for value, want := range map[string]bool{"postgres://u:p@h/d": true, "redis://:p@h": true, "postgres://u:$(PASSWORD)@h": false, "postgres://u:${P}@h": false, "https://h/p@x": false,
		"https://u@h": false, "Server=h;Password=p;": true, "Server=h;Pwd=$(P)": false, "x?password=p": true, "passwordless=yes": false, "h:5432": false,
		"https://h/x?sv=1&sig=p": true, "https://h/?token=p&x=1": true, "https://h/?token={token}": false, "https://h/?api_key=%s": false, "u:p@tcp(h:1)/d": true,
		"AccountName=a;AccountKey=p": true, "Authorization: Bearer abcdef": true, "Authorization: Bearer $TOKEN": false, "Bearer abcdef": true, "bearer": false,
		"-----BEGIN RSA PRIVATE KEY-----\nx": true, "-----BEGIN CERTIFICATE-----": false, "ghp_" + strings.Repeat("a", 36): true, "eyJhbGciOiJI.eyJzdWIiOiIx.abcdefghi": true} {
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
		var names []string
		for _, s := range secretArguments(c.line) {
			names = append(names, s.name)
		}
		require.Equal(t, c.want, names, c.line)
	}
}

func TestAnArgumentHasThePlaceOfItsWord(t *testing.T) {
	require.Equal(t, []secretWord{{"password", 2}, {"", 3}, {"A_TOKEN", 4}}, secretArguments([]string{"x", "--password", "p", "https://u:p@h", "run; A_TOKEN=p"}))
	require.Equal(t, []secretWord{{"", 1}}, secretArguments([]string{"-H", "Authorization: Bearer abcdef"}))
}

func TestFieldsOfAConfigurationAreGuessed(t *testing.T) {
	for text, want := range map[string][]string{
		`{"password": "hunter2", "a": 1, "t":{"api_key":"x1"}}`:                          {"password", "api_key"},
		"a: 1\ndb:\n  password: hunter2 # x\n  user: u\n":                                {"password"},
		"spring.datasource.password=hunter2\nexport API_TOKEN='x 1'\n":                   {"spring.datasource.password", "API_TOKEN"},
		"[a]\n# password = x\n;token = x\npassword =\ntoken = ${TOKEN}\nsecretName: x\n": nil,
		"password = os.environ[\"X\"]\ntoken = get(\"X\")\n":                             nil,
		"password: hunter2":     nil, // prose, or a text of one line
		"passwd: files\nb: 1\n": nil,
	} {
		require.Equal(t, want, secretFields(text), text)
	}
	require.Nil(t, fileSecrets("train.py", "a = 1\npassword = settings.password\n"))
	require.Nil(t, fileSecrets("run", "#!/bin/sh\npassword=x1\n"))
}
