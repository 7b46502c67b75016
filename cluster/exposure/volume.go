package exposure

import (
	"cmp"
	"strings"

	"github.com/seed45446ece/launcher/resolve/document"
)

// volume reads what the specification of a volume shows, mounted or not: the options
// of its driver, and the Secrets that the node reads.
func (r *podReader) volume(v *document.Node) {
	for _, source := range v.Fields {
		for _, field := range []string{"secretRef", "nodePublishSecretRef"} {
			r.nodeSecret(text(source.Value.Field(field), "name"))
		}
		if source.Name == "azureFile" {
			r.nodeSecret(text(source.Value, "secretName"))
		}
		for _, field := range []string{"volumeAttributes", "options"} {
			r.values(source.Value.Field(field), "attribute", argument.without(ExecFiles))
		}
	}
}

// nodeSecret adds a Secret that the node reads, unless its name is empty.
func (r *podReader) nodeSecret(name string) {
	if name != "" {
		r.result.add("secret/"+shown(name), nodeSecret, "", levels(nodeSecret))
	}
}

// values adds the fields of a map that look like secrets.
func (r *podReader) values(n *document.Node, what string, w Way) {
	if n == nil {
		return
	}
	for _, f := range n.Fields {
		name := f.Name[strings.LastIndex(f.Name, "/")+1:]
		if f.Value.Scalar() && looksSecret(name, f.Value.Text) {
			r.result.add(what+" "+shown(name), w, "", levels(w))
			r.result.find(r.at(f.Value), maybeInSpec, "the value of "+what+" "+shown(name)+" looks like a secret")
		}
	}
}

// volume reads a volume that the container mounts.
func (c *container) volume(v *document.Node) {
	if s := v.Field("secret"); s != nil {
		c.secretVolume(text(s, "secretName"), s)
	}
	for _, source := range items(v.Field("projected"), "sources") {
		if s := source.Field("secret"); s != nil {
			c.secretVolume(text(s, "name"), s)
		}
		if s := source.Field("serviceAccountToken"); s != nil {
			c.add("token of volume "+shown(text(v, "name")), token)
		}
	}
	if csi := v.Field("csi"); csi != nil {
		c.driverVolume(csi)
	}
}

// secretVolume adds the keys of a mounted Secret: the listed ones, or all.
func (c *container) secretVolume(name string, v *document.Node) {
	way := volume
	if strings.HasSuffix(name, "-values") && c.launch.found {
		way = clientValues
	}
	keys := items(v, "items")
	for _, item := range keys {
		c.add("secret/"+shown(name)+":"+shown(text(item, "key")), way)
	}
	if len(keys) == 0 {
		c.add("secret/"+shown(name)+":*", way)
	}
}

// storeDriver is the name of the Secrets Store CSI driver.
const storeDriver = "secrets-store.csi.k8s.io"

func (c *container) driverVolume(csi *document.Node) {
	attributes := csi.Field("volumeAttributes")
	if text(csi, "driver") == storeDriver {
		c.add("store "+cmp.Or(shown(text(attributes, "secretProviderClass")), "?"), secretStore)
	}
}
