package job

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// TestWarningsThatDoNotPass holds the words of Kubernetes 1.33.
func TestWarningsThatDoNotPass(t *testing.T) {
	for message, c := range map[string]struct {
		reason    string
		permanent bool
	}{
		`Error creating: pods "t-" is forbidden: error looking up service account ml/no: serviceaccount "no" not found`:                                                     {"FailedCreate", true},
		`Error creating: pods "t-" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0`:                                                       {"FailedCreate", true},
		`Error creating: pods "t-" is forbidden: exceeded quota: q, requested: limits.memory=2Gi,pods=1, used: limits.memory=0,pods=3, limited: limits.memory=512Mi,pods=4`: {"FailedCreate", true},
		`Error creating: pods "t-" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3`:                                                       {"FailedCreate", false},
		`Error creating: pods "t-" is forbidden: exceeded quota: q, requested: odd`:                                                                                         {"FailedCreate", false},
		`Error creating: pods "t-" is forbidden: failed quota: q: must specify limits.memory for: handler`:                                                                  {"FailedCreate", true},
		`Error creating: pods "t-" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true`:                                                            {"FailedCreate", true},
		`Error creating: pods "t-" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi`:                                                               {"FailedCreate", true},
		`Error creating: Pod "t-x" is invalid: spec.containers[0].image: Required value`:                                                                                    {"FailedCreate", true},
		`Error creating: admission webhook "p.example.org" denied the request: no`:                                                                                          {"FailedCreate", true},
		`Error creating: Internal error occurred: failed calling webhook "p.example.org": Post "https://p.svc": connection refused`:                                         {"FailedCreate", false},
		`MountVolume.SetUp failed for volume "launcher-vault-0" : secret "azure-creds" not found`:                                                                           {"FailedMount", true},
		`MountVolume.SetUp failed for volume "c" : configmap "c" not found`:                                                                                                 {"FailedMount", true},
		`MountVolume.SetUp failed for volume "launcher-project-0" : references non-existent secret key: K`:                                                                  {"FailedMount", true},
		`MountVolume.SetUp failed for volume "launcher-project-0" : failed to sync secret cache: timed out waiting for the condition`:                                       {"FailedMount", false},
		`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: no`:                                                            {"FailedCreatePodSandBox", false},
		`Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.`:                                                               {"FailedToRetrieveImagePullSecret", false},
	} {
		o := ofEvent(corev1.Event{InvolvedObject: corev1.ObjectReference{Kind: "Job", Name: "t"}, Reason: c.reason, Message: message})
		require.Equal(t, c.permanent, o.permanent, message)
		require.Equal(t, "job t: "+c.reason+": "+message, o.text)
		require.Equal(t, c.permanent, c.permanent && o.advice != "", message)
	}
}

// TestAMessageIsCutBeforeAVariable holds the words of runc and containerd.
func TestAMessageIsCutBeforeAVariable(t *testing.T) {
	pod := corev1.PodSpec{InitContainers: []corev1.Container{{Env: []corev1.EnvVar{{Name: "A.B"}}}},
		Containers: []corev1.Container{{Env: []corev1.EnvVar{{Name: "MLRUN_K8S_SECRET__KEY"}, {Name: "S"}}}}}
	for message, want := range map[string]string{
		`runc create failed: invalid environment variable "MLRUN_K8S_SECRET__KEY=C4n4ry\x00rest": x`: `runc create failed: invalid environment variable "MLRUN_K8S_SECRET__KEY=(its value is not shown)`,
		"A.B=C4n4ry S=C4n4ry":                         "A.B=(its value is not shown)",
		"AxB=1: no variable of the pod":               "AxB=1: no variable of the pod",
		"requested: PODS=1, limited: pods=0, cpuS=1":  "requested: PODS=1, limited: pods=0, cpuS=1",
		`exec: "/nosuch": stat /nosuch: no such file`: `exec: "/nosuch": stat /nosuch: no such file`,
		"S= C4n4ry": "S=(its value is not shown)",
		"":          "",
	} {
		require.Equal(t, want, withoutValues(message, pod))
	}
}
