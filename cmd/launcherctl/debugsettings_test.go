package main_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

// debugSettings are the variables that make Go, net/http or client-go log.
var debugSettings = []string{
	"GODEBUG=http2debug=2", "GODEBUG=http2debug=1", "GODEBUG=http2client=0,http2debug=2", "GODEBUG=netdns=9", "GODEBUG=netdns=go+2,http2debug=2",
	"GODEBUG=inittrace=1", "GODEBUG=gctrace=1", "GODEBUG=schedtrace=1", "GODEBUG=x509sha256skid=0", "GOTRACEBACK=crash",
	"KUBE_LOG_LEVEL=10", "KUBE_V=10", "KUBECTL_V=10", "KUBE_FEATURE_WatchListClient=true", "KUBE_FEATURE_ClientsAllowCBOR=true", "KUBE_CACHE_MUTATION_DETECTOR=true",
	"DISABLE_HTTP2=1", "DEBUG=1", "LOG_LEVEL=trace", "HTTPTEST_DEBUG=1", "SSLKEYLOGFILE=/dev/stderr", "AZURE_SDK_GO_LOGGING=all", "GRPC_GO_LOG_SEVERITY_LEVEL=info",
}

// TestNoDebugSettingShowsARequest sets, lists and deletes a value by the real
// program under each setting; a second server refuses every request.
func TestNoDebugSettingShowsARequest(t *testing.T) {
	for _, setting := range debugSettings {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			s, refusing := clustertest.New(t), clustertest.New(t)
			refusing.Inject(clustertest.Failing(http.StatusForbidden, "Forbidden", "no"))
			for _, c := range []struct {
				server *clustertest.Server
				args   string
				status int
			}{
				{s, "secrets set --project fraud --verbose", 0}, {s, "secrets list --project fraud --verbose", 0},
				{refusing, "secrets set --project fraud --verbose", 125}, {s, "secrets delete --project fraud A", 0},
			} {
				cmd := prepared(t, c.server.Kubeconfig(t), fields(c.args)...)
				cmd.Env = append(cmd.Env, setting)
				cmd.Stdin = strings.NewReader("A=" + canary + "\n")
				got := finish(t, cmd)
				require.Equal(t, c.status, got.status, got.stderr)
				requireNoForm(t, got.stdout+got.stderr, canary, clustertest.Token)
			}
		})
	}
}
