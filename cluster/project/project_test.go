package project

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/seed45446ece/launcher/cluster"
	"github.com/seed45446ece/launcher/resolve"
)

func fraud(objects ...runtime.Object) (Project, *fake.Clientset) {
	client := fake.NewClientset(objects...)
	return Project{"fraud", &cluster.Cluster{Namespace: "ml", Core: client.CoreV1(), Batch: client.BatchV1(), WhoAmI: client.AuthenticationV1(), May: client.AuthorizationV1()}}, client
}

func secret(data map[string][]byte) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "mlrun-project-secrets-fraud", Namespace: "ml", Labels: map[string]string{"team": "a"}}, Data: data}
}

func values(of map[string]string) map[string]resolve.Value {
	all := map[string]resolve.Value{}
	for key, value := range of {
		all[key] = resolve.NewValue([]byte(value))
	}
	return all
}

func stored(t *testing.T, client *fake.Clientset) map[string]string {
	t.Helper()
	found, err := client.CoreV1().Secrets("ml").Get(t.Context(), "mlrun-project-secrets-fraud", metav1.GetOptions{})
	require.NoError(t, err)
	all := map[string]string{}
	for key, value := range found.Data {
		all[key] = string(value)
	}
	return all
}

// times fails the first requests of a verb.
func times(client *fake.Clientset, verb string, n int, err error) {
	client.PrependReactor(verb, "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		n--
		return n >= 0, nil, err
	})
}

var secrets = schema.GroupResource{Resource: "secrets"}

func TestSetChangesItsOwnKeysAlone(t *testing.T) {
	p, client := fraud()
	require.NoError(t, p.Set(t.Context(), values(map[string]string{"A": "1", "EMPTY": ""})))
	require.Equal(t, map[string]string{"A": "1", "EMPTY": ""}, stored(t, client))
	require.NoError(t, p.Set(t.Context(), values(map[string]string{"B": "\x00\xff", "EMPTY": "no more"})))
	require.Equal(t, map[string]string{"A": "1", "B": "\x00\xff", "EMPTY": "no more"}, stored(t, client))
	require.NoError(t, p.Set(t.Context(), map[string]resolve.Value{"A": {}}))
	require.Equal(t, map[string]string{"A": "", "B": "\x00\xff", "EMPTY": "no more"}, stored(t, client))
	for _, action := range client.Actions() {
		if action.GetVerb() == "get" {
			continue // stored's
		}
		require.Contains(t, []string{"patch", "create"}, action.GetVerb())
	}
}

func TestSetAfterConflicts(t *testing.T) {
	p, client := fraud(secret(map[string][]byte{"A": []byte("1")}))
	times(client, "patch", 3, apierrors.NewConflict(secrets, "x", nil))
	require.NoError(t, p.Set(t.Context(), values(map[string]string{"B": "2"})))
	require.Equal(t, map[string]string{"A": "1", "B": "2"}, stored(t, client))
}

func TestInternalKeysAreNeitherListedNorTouched(t *testing.T) {
	p, client := fraud(secret(map[string][]byte{"b": nil, "A": nil, "mlrun.x": []byte("1"), "MLRUN.Y": []byte("2")}))
	keys, err := p.Keys(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"A", "b"}, keys)
	client.ClearActions()
	for _, key := range []string{"mlrun.x", "MLRUN.Y", "", ".", "..", "..a", "a/b", "a b", "a=b"} {
		require.Error(t, p.Set(t.Context(), values(map[string]string{key: "C4n4ry", "A": "C4n4ry"})), key)
		require.Error(t, p.Delete(t.Context(), []string{"A", key}), key)
	}
	require.Empty(t, client.Actions())
}

func TestDeleteOfKeysThatAreNotThere(t *testing.T) {
	p, client := fraud()
	require.EqualError(t, p.Delete(t.Context(), []string{"A"}), `project fraud has no key "A"; nothing was deleted`)
	keys, err := p.Keys(t.Context())
	require.NoError(t, err)
	require.Empty(t, keys)
	require.NoError(t, p.Set(t.Context(), values(map[string]string{"A": "1", "B": "2"})))
	require.Error(t, p.Delete(t.Context(), []string{"A", "C"}))
	require.Len(t, stored(t, client), 2)
	times(client, "patch", 2, apierrors.NewConflict(secrets, "x", nil))
	require.NoError(t, p.Delete(t.Context(), []string{"A"}))
	require.Equal(t, map[string]string{"B": "2"}, stored(t, client))
}

// TestWhatIsRefusedForWantOfAPermission has the rules that grant it.
func TestWhatIsRefusedForWantOfAPermission(t *testing.T) {
	p, client := fraud()
	forbidden := apierrors.NewForbidden(secrets, "mlrun-project-secrets-fraud", nil)
	for verb, try := range map[string]func() error{
		"get":    func() error { _, err := p.Keys(t.Context()); return err },
		"patch":  func() error { return p.Set(t.Context(), values(map[string]string{"A": "C4n4ry"})) },
		"create": func() error { return p.Set(t.Context(), values(map[string]string{"A": "C4n4ry"})) },
	} {
		times(client, verb, 1, forbidden)
		err := try()
		var e *cluster.Error
		require.ErrorAs(t, err, &e)
		require.Contains(t, e.Paste(), "  verbs:\n  - "+verb+"\n")
		require.Contains(t, e.Paste(), "name: YOUR-USER", "the fake does not say who asks")
		require.NotContains(t, err.Error()+e.Paste(), "C4n4ry")
		require.NotErrorIs(t, err, resolve.ErrUnavailable)
	}
}

func TestWhatMayGoWellAnotherTime(t *testing.T) {
	for name, wrong := range map[string]error{
		"conflicts": apierrors.NewConflict(secrets, "x", nil), "throttled": apierrors.NewTooManyRequests("x", 0),
		"restarting": apierrors.NewServiceUnavailable("x"), "failing": apierrors.NewInternalError(errors.New("x")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, client := fraud()
			times(client, "get", 100, wrong)
			_, err := p.Keys(t.Context())
			require.ErrorIs(t, err, resolve.ErrUnavailable)
			require.Len(t, client.Actions(), 8)
		})
	}
}

func TestTwoKeysOfOneVariable(t *testing.T) {
	require.NoError(t, Ambiguous([]string{"a", "B", "c-d", "c_d"}))
	require.EqualError(t, Ambiguous([]string{"a", "B", "A", "b"}), "keys \"a\" and \"A\" have the same variable in a pod, MLRUN_K8S_SECRET__A\n"+
		"keys \"B\" and \"b\" have the same variable in a pod, MLRUN_K8S_SECRET__B")
}
