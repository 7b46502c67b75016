package manifest

import (
	"fmt"
	"path"
	"slices"

	"github.com/seed45446ece/launcher/resolve/azure"
)

// credentialsVolume is MLRun's name for the volume of a vault's credentials.
const credentialsVolume = "azure-vault-secret"

// identityLabel is what AKS's webhook looks for.
// https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html
const identityLabel = "azure.workload.identity/use"

// vaults gives the pod what it reads vaults with: the Secrets of the sources as
// volumes, or a workload identity.
func (p *plan) vaults() {
	var secrets []string
	identity := p.WorkloadIdentity
	for _, v := range p.declared.Vaults {
		switch {
		case v.Credential == "managed":
		case v.Credential == "workload":
			identity = true
		case v.K8sSecret == "" && v.Credential == "auto" && p.WorkloadIdentity:
		case v.K8sSecret == "":
			p.refuse("name the Secret with the credentials: k8s_secret in the source; or --workload-identity",
				"%s: vault %q has no credentials", v.At, v.Name)
		case !slices.Contains(secrets, v.K8sSecret):
			secrets = append(secrets, v.K8sSecret)
		}
	}
	if identity {
		p.labels[identityLabel] = "true"
		if p.ServiceAccount == "" && !p.accountNamed {
			p.refuse("use --service-account NAME", "workload identity needs the service account that the vault's application trusts")
		}
	}
	if len(secrets) > 0 {
		p.mountCredentials(secrets)
	}
	for _, domain := range p.Realm.Domains {
		p.launch = append(p.launch, "--azure-domain", literal(domain))
	}
}

// mountCredentials mounts one Secret at the directory of the credentials, as
// MLRun does, and several below it, each in the folder of its name. The
// directory is not MLRun's own: only root can go into /root.
func (p *plan) mountCredentials(secrets []string) {
	dir := p.AzureCredentials
	if dir == "" {
		dir = azure.MountDirectory
	}
	if !mountable(dir) {
		p.refuse("", "--azure-credentials %q is not an absolute path without a colon", dir)
	}
	for i, secret := range secrets {
		volume, at := credentialsVolume, dir
		if len(secrets) > 1 {
			volume, at = fmt.Sprintf("%s-%d", volume, i+1), path.Join(dir, secret)
		}
		p.mount(volume, secret, at, nil, false)
	}
	if path.Clean(dir) != azure.MLRunRootDirectory {
		p.launch = append(p.launch, "--azure-credentials", literal(dir))
	}
}
