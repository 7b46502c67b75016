package node

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

func (p *pod) volume(name string) string { return filepath.Join(p.folder, "volume-"+name) }

// inMemory reports whether a volume is an emptyDir in memory.
func (p *pod) inMemory(name string) bool {
	return slices.ContainsFunc(p.spec.Volumes, func(v corev1.Volume) bool {
		return v.Name == name && v.EmptyDir != nil && v.EmptyDir.Medium == corev1.StorageMediumMemory
	})
}

// prepareMounts creates the pod's volumes.
func (p *pod) prepareMounts() error {
	for _, v := range p.spec.Volumes {
		dir := p.volume(v.Name)
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(dir, 0o777)); err != nil {
			return err
		}
		if v.Secret == nil {
			continue
		}
		if err := p.writeSecret(v.Secret, dir); err != nil {
			return fmt.Errorf("MountVolume.SetUp failed for volume %q : %w", v.Name, err)
		}
	}
	return nil
}

// refreshMounts writes the Secrets again that have changed, as the kubelet does.
func (p *pod) refreshMounts() {
	for _, v := range p.spec.Volumes {
		if dir := p.volume(v.Name); v.Secret != nil {
			if _, err := os.Stat(dir); err == nil {
				_ = p.writeSecret(v.Secret, dir) // a Secret that is gone stays mounted
			}
		}
	}
}

// writeSecret writes the files of a Secret, each in one step.
func (p *pod) writeSecret(source *corev1.SecretVolumeSource, dir string) error {
	optional := source.Optional != nil && *source.Optional
	secret := &corev1.Secret{}
	if !p.get(namespaceOf(p.at)+"/secrets/"+source.SecretName, secret) && !optional {
		return fmt.Errorf("secret %q not found", source.SecretName)
	}
	items := source.Items
	if len(items) == 0 {
		for key := range secret.Data {
			items = append(items, corev1.KeyToPath{Key: key, Path: key})
		}
	}
	for _, item := range items {
		value, ok := secret.Data[item.Key]
		if !ok && !optional {
			return fmt.Errorf("references non-existent secret key: %s", item.Key)
		}
		path := filepath.Join(dir, item.Path)
		if old, err := os.ReadFile(path); !ok || err == nil && bytes.Equal(old, value) {
			continue
		}
		err := errors.Join(os.WriteFile(path+".new", value, 0o440), os.Chown(path+".new", 0, int(*p.spec.SecurityContext.FSGroup)), os.Rename(path+".new", path))
		if err != nil {
			return err
		}
	}
	return nil
}
