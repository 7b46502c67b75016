package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	apps "k8s.io/client-go/kubernetes/typed/apps/v1"
	authorization "k8s.io/client-go/kubernetes/typed/authorization/v1"
	batch "k8s.io/client-go/kubernetes/typed/batch/v1"
	core "k8s.io/client-go/kubernetes/typed/core/v1"
	rbac "k8s.io/client-go/kubernetes/typed/rbac/v1"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // kubeconfigs that log in by OIDC
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// kube is the cluster, and the namespace of this run.
type kube struct {
	config    *rest.Config
	namespace string
	core      core.CoreV1Interface
	batch     batch.BatchV1Interface
	apps      apps.AppsV1Interface
	rbac      rbac.RbacV1Interface
	may       authorization.AuthorizationV1Interface
}

// connect reads the kubeconfig as kubectl does. It sends no request.
func connect(namespace string) (*kube, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, err
	}
	config.QPS, config.UserAgent, config.Timeout = -1, "launcher-e2e", 0
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	k := &kube{config: config, namespace: namespace}
	var e1, e2, e3, e4, e5 error
	k.core, e1 = core.NewForConfigAndClient(config, client)
	k.batch, e2 = batch.NewForConfigAndClient(config, client)
	k.apps, e3 = apps.NewForConfigAndClient(config, client)
	k.rbac, e4 = rbac.NewForConfigAndClient(config, client)
	k.may, e5 = authorization.NewForConfigAndClient(config, client)
	return k, errors.Join(e1, e2, e3, e4, e5)
}

// version returns what the API server says of itself, such as v1.33.1.
func (k *kube) version(ctx context.Context) (string, error) {
	text, err := k.core.RESTClient().Get().AbsPath("/version").DoRaw(ctx)
	if err != nil {
		return "", err
	}
	var info struct{ GitVersion string }
	err = json.Unmarshal(text, &info)
	return info.GitVersion, err
}

// permanent marks an error that waiting does not solve.
type permanent struct{ error }

// until asks every second until the answer is yes, the time is over, or the error is
// permanent. It retries after any other error.
func until(ctx context.Context, limit time.Duration, what string, is func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var last error
	for {
		yes, err := is(ctx)
		if yes && err == nil {
			return nil
		}
		if final, ok := errors.AsType[permanent](err); ok {
			return fmt.Errorf("%s: %w", what, final.error)
		}
		if err != nil && ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
				return cause
			}
			return errors.Join(fmt.Errorf("timed out after %s waiting for %s", limit, what), last)
		case <-time.After(time.Second):
		}
	}
}

// when returns a channel that closes once the answer is yes or the wait ends, and a
// function that ends the wait.
func when(ctx context.Context, what string, is func(context.Context) (bool, error)) (<-chan struct{}, context.CancelFunc) {
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = until(ctx, endTime, what, is)
	}()
	return done, stop
}

// created returns the error, or nil if the object exists: an earlier try created it.
func created(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
