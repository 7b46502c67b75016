// Package cluster is the way to a Kubernetes API server: which one, as whom,
// in which namespace, and what to do where it does not do as it was asked.
//
// It owns the reading of the kubeconfig, the retries, and the words for what a
// server refuses: a missing permission is said with the rule that grants it.
// It refuses to log what is sent: a request's body may hold secrets. Data flows
// kubeconfig or service account -> Cluster -> the clients of the packages below.
package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	apps "k8s.io/client-go/kubernetes/typed/apps/v1"
	authentication "k8s.io/client-go/kubernetes/typed/authentication/v1"
	authorization "k8s.io/client-go/kubernetes/typed/authorization/v1"
	batch "k8s.io/client-go/kubernetes/typed/batch/v1"
	core "k8s.io/client-go/kubernetes/typed/core/v1"
	rbac "k8s.io/client-go/kubernetes/typed/rbac/v1"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // kubeconfigs that log in by OIDC
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/klog/v2"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Options is which cluster is meant. What is empty is as kubectl has it:
// $KUBECONFIG, else ~/.kube/config, with its current context and that one's
// namespace; in a pod without one, the pod's service account and namespace.
type Options struct {
	Kubeconfig, Context, Namespace string

	UserAgent string
	Command   string                           // names the RBAC rules that it needs
	Detail    func(format string, args ...any) // is told of every request, by name; may be nil
	Warn      func(message string)             // is told of a server's warnings; may be nil
}

// Cluster is one namespace of one cluster.
type Cluster struct {
	Namespace string
	Core      core.CoreV1Interface
	Batch     batch.BatchV1Interface
	Apps      apps.AppsV1Interface
	RBAC      rbac.RbacV1Interface
	WhoAmI    authentication.SelfSubjectReviewsGetter
	May       authorization.SelfSubjectAccessReviewsGetter
	host      string
	command   string
}

// Connect reads the configuration and asks the server nothing yet. Its errors
// are for good: a file that does not exist, or not a kubeconfig.
func Connect(o Options) (*Cluster, error) {
	silence()
	config, namespace, err := o.load()
	if err != nil {
		return nil, err
	}
	config.UserAgent = o.UserAgent
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON // that every gateway lets through
	config.QPS = -1                                                                                  // the server says when it is too much, by 429
	config.WarningHandlerWithContext = warnings{o.Warn}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return bounded{next} })
	if o.Detail != nil {
		config.Wrap(func(next http.RoundTripper) http.RoundTripper { return detailed{next, o.Detail} })
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, unread(err)
	}
	client.CheckRedirect = noRedirect
	c := &Cluster{Namespace: namespace, host: origin(config.Host), command: o.Command}
	coreClient, e1 := core.NewForConfigAndClient(config, client)
	batchClient, e2 := batch.NewForConfigAndClient(config, client)
	whoami, e3 := authentication.NewForConfigAndClient(config, client)
	may, e4 := authorization.NewForConfigAndClient(config, client)
	appsClient, e5 := apps.NewForConfigAndClient(config, client)
	rbacClient, e6 := rbac.NewForConfigAndClient(config, client)
	if err := cmp.Or(e1, e2, e3, e4, e5, e6); err != nil {
		return nil, unread(err)
	}
	c.Core, c.Batch, c.WhoAmI, c.May = coreClient, batchClient, whoami, may
	c.Apps, c.RBAC = appsClient, rbacClient
	return c, nil
}

func (o Options) load() (*rest.Config, string, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	rules.WarnIfAllMissing = false // that there is no cluster is an error below
	overrides := &clientcmd.ConfigOverrides{CurrentContext: o.Context}
	overrides.Context.Namespace = o.Namespace
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, "", unread(err)
	}
	config, err := loader.ClientConfig()
	switch {
	case clientcmd.IsEmptyConfig(err):
		return nil, "", &Error{What: "no cluster is configured",
			Advice: "give --kubeconfig FILE, set KUBECONFIG, write ~/.kube/config, or run in a pod with a service account"}
	case err != nil && hasPassword(raw):
		return nil, "", unread(err)
	case err != nil:
		return nil, "", &Error{What: "the kubeconfig", Err: err}
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, "", &Error{What: "the kubeconfig's namespace", Err: err}
	}
	if validation.IsDNS1123Label(namespace) != nil { // it is in commands that are shown
		return nil, "", &Error{What: fmt.Sprintf("%s is not a valid namespace name", keyname.Quote(namespace)), Advice: "use up to 63 lower-case letters, digits and hyphens"}
	}
	return config, namespace, nil
}

// unread is why a kubeconfig is of no use. What its parser says may hold a part
// of it: a password that starts with "*" is an anchor to YAML.
func unread(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return &Error{What: "the kubeconfig", Err: err}
	}
	return &Error{What: "the kubeconfig is malformed", Advice: "run kubectl config view to see where"}
}

// hasPassword reports whether a kubeconfig has an address with a user in it: the
// library's messages repeat addresses.
func hasPassword(raw clientcmdapi.Config) bool {
	for _, c := range raw.Clusters {
		if strings.Contains(c.Server+c.ProxyURL, "@") {
			return true
		}
	}
	return false
}

// origin returns an address for messages: without user, path and query.
func origin(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host
	}
	return "the cluster"
}

// silence turns off the logs that an environment variable can turn on: the
// standard library's, to which GODEBUG=http2debug=2 has net/http write tokens
// and bodies, and klog's. It does so once, before the first client, as the
// libraries write without a lock.
var silence = sync.OnceFunc(func() {
	log.SetOutput(io.Discard)
	klog.SetLogger(logr.Discard())
})

// Quiet is a context in which the client libraries log nothing: at a high
// verbosity they would log a request's body, and with it secrets.
func Quiet(ctx context.Context) context.Context { return klog.NewContext(ctx, logr.Discard()) }
