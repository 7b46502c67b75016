package stores_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// stores lists the stores of the page that are tested, in its order.
var stores = []store{
	{
		heading: "HashiCorp Vault and OpenBao", needs: []string{"vault"}, open: openVault, lacks: "binary",
		faults: []fault{
			{column: "missing", swap: map[string]string{"prod/app": "prod/none"}},
			{column: "refused", env: []string{"VAULT_TOKEN=wrong"}},
			{column: "unreachable", env: []string{"VAULT_ADDR=" + nowhere}},
			{column: "sealed", spoil: sealVault},
			{column: "throttled", spoil: throttleVault},
		},
	},
	{
		heading: "AWS Secrets Manager", needs: []string{"aws", "moto_server"}, open: openSecretsManager, lacks: "binary",
		faults: []fault{
			{column: "missing", swap: map[string]string{"prod/app": "prod/none"}},
			{column: "refused", env: []string{"AWS_ACCESS_KEY_ID=", "AWS_EC2_METADATA_DISABLED=true"}},
			{column: "unreachable", env: unreachableAWS},
		},
	},
	{
		heading: "AWS Parameter Store", needs: []string{"aws", "moto_server"}, open: openParameterStore, lacks: "empty binary",
		name: func(key string) string { return "/table/" + key },
		faults: []fault{
			{column: "missing", absent: true},
			{column: "refused", env: []string{"AWS_ACCESS_KEY_ID=", "AWS_EC2_METADATA_DISABLED=true"}},
			{column: "unreachable", env: unreachableAWS},
		},
	},
	{
		heading: "SOPS", needs: []string{"sops", "age-keygen"}, open: openSOPS, lacks: "binary",
		faults: []fault{
			{column: "missing", swap: map[string]string{"secrets.enc.yaml": "none.yaml"}},
			{column: "refused", env: []string{"SOPS_AGE_KEY_FILE=none"}},
		},
	},
	{
		heading: "pass", needs: []string{"pass", "gpg"}, open: openPass, drops: true,
		name: func(key string) string { return "table/" + key },
		faults: []fault{
			{column: "missing", absent: true},
			{column: "refused", env: []string{"GNUPGHOME=/none"}},
		},
	},
	{
		heading: "pass", swap: "gopass", needs: []string{"gopass", "pass", "gpg"}, slow: true, open: openPass, drops: true,
		name: func(key string) string { return "table/" + key },
		faults: []fault{
			{column: "missing", absent: true},
			{column: "refused", env: []string{"GNUPGHOME=/none"}},
		},
	},
	{
		heading: "Doppler", needs: []string{"doppler"}, open: openDoppler, lacks: "binary",
		faults: []fault{
			{column: "refused", env: []string{"DOPPLER_TOKEN=dp.st.wrong"}},
			{column: "unreachable", env: []string{"DOPPLER_API_HOST=" + nowhere}, swap: map[string]string{"download": "download --attempts=1"}},
		},
	},
	{heading: "GitHub Actions", needs: []string{"printenv"}, open: func(*testing.T, *place, map[string]string) {}, lacks: "empty binary", plain: true},
	{
		heading: "systemd credentials", needs: []string{"systemd-creds"}, open: openCredentials, drops: true, plain: true,
		faults: []fault{{column: "missing", absent: true}},
	},
}

// openVault starts OpenBao's development server, which keeps all in memory.
func openVault(t *testing.T, p *place, values map[string]string) {
	t.Helper()
	address := freeAddress(t)
	p.env = append(p.env, "VAULT_ADDR=http://"+address, "VAULT_TOKEN=root", "VAULT_MAX_RETRIES=0")
	p.serve(t, address, "vault server -dev -dev-no-store-token -dev-root-token-id=root -dev-listen-address="+address)
	launchertest.Eventually(t, "the store is not ready", func() bool {
		return p.command("vault secrets list | grep -q ^secret/").Run() == nil
	})
	p.must(t, "vault kv put -mount=secret prod/app -", object(t, values))
}

func sealVault(t *testing.T, p *place) {
	t.Helper()
	p.must(t, "vault operator seal", "")
}

// throttleVault has the store answer every request with 429.
func throttleVault(t *testing.T, p *place) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }))
	t.Cleanup(server.Close)
	p.env = append(p.env, "VAULT_ADDR="+server.URL)
}

// object returns values as a JSON object.
func object(t *testing.T, values map[string]string) string {
	t.Helper()
	text, err := json.Marshal(values)
	require.NoError(t, err)
	return string(text)
}

var unreachableAWS = []string{"AWS_ENDPOINT_URL=" + nowhere, "AWS_MAX_ATTEMPTS=1"}

// startMoto starts Moto, which stands in for AWS.
func startMoto(t *testing.T, p *place) (address string) {
	t.Helper()
	address = freeAddress(t)
	p.env = append(p.env, "AWS_ENDPOINT_URL=http://"+address, "AWS_DEFAULT_REGION=eu-central-1",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test")
	host, port, _ := strings.Cut(address, ":")
	p.serve(t, address, "moto_server -H "+host+" -p "+port)
	return address
}

// callAWS calls an operation of AWS, as its clients do.
func callAWS(t *testing.T, address, service, operation string, body map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequest(http.MethodPost, "http://"+address, strings.NewReader(string(text)))
	require.NoError(t, err)
	_, signed, _ := strings.Cut(operation, ".")
	require.NotEmpty(t, signed)
	request.Header.Set("X-Amz-Target", operation)
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/%s/aws4_request, SignedHeaders=host, Signature=0", service))
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.NoError(t, answer.Body.Close())
}

func openSecretsManager(t *testing.T, p *place, values map[string]string) {
	t.Helper()
	callAWS(t, startMoto(t, p), "secretsmanager", "secretsmanager.CreateSecret", map[string]any{"Name": "prod/app", "SecretString": object(t, values)})
}

func openParameterStore(t *testing.T, p *place, values map[string]string) {
	t.Helper()
	address := startMoto(t, p)
	for name, value := range values {
		callAWS(t, address, "ssm", "AmazonSSM.PutParameter", map[string]any{"Name": name, "Value": value, "Type": "SecureString", "Tier": "Advanced"})
	}
}
