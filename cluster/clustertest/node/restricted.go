package node

import (
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Restricted returns what the restricted level of pod security forbids in a pod.
// https://kubernetes.io/docs/concepts/security/pod-security-standards
func Restricted(spec corev1.PodSpec) error {
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if spec.HostNetwork || spec.HostPID || spec.HostIPC {
		refuse("host namespaces")
	}
	for _, v := range spec.Volumes {
		if v.ConfigMap == nil && v.CSI == nil && v.DownwardAPI == nil && v.EmptyDir == nil && v.Ephemeral == nil && v.PersistentVolumeClaim == nil && v.Projected == nil && v.Secret == nil && v.Image == nil {
			refuse("restricted volume type: %q", v.Name)
		}
	}
	pod := spec.SecurityContext
	if pod == nil {
		pod = &corev1.PodSecurityContext{}
	}
	if pod.RunAsUser != nil && *pod.RunAsUser == 0 {
		refuse("runAsUser=0")
	}
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		s := c.SecurityContext
		if s == nil {
			s = &corev1.SecurityContext{}
		}
		if s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
			refuse("allowPrivilegeEscalation != false: container %q", c.Name)
		}
		if s.Privileged != nil && *s.Privileged {
			refuse("privileged: container %q", c.Name)
		}
		if s.Capabilities == nil || !slices.Contains(s.Capabilities.Drop, "ALL") || slices.ContainsFunc(s.Capabilities.Add, func(c corev1.Capability) bool { return c != "NET_BIND_SERVICE" }) {
			refuse("unrestricted capabilities: container %q", c.Name)
		}
		if nonRoot := either(s.RunAsNonRoot, pod.RunAsNonRoot); nonRoot == nil || !*nonRoot {
			refuse("runAsNonRoot != true: container %q", c.Name)
		}
		if s.RunAsUser != nil && *s.RunAsUser == 0 {
			refuse("runAsUser=0: container %q", c.Name)
		}
		if profile := either(s.SeccompProfile, pod.SeccompProfile); profile == nil || profile.Type == corev1.SeccompProfileTypeUnconfined {
			refuse("seccompProfile: container %q", c.Name)
		}
	}
	return errors.Join(errs...)
}

func either[T any](first, second *T) *T {
	if first != nil {
		return first
	}
	return second
}
