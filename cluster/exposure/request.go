package exposure

import (
	"regexp"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/resolve/document"
)

// scheme matches what is before the credential in a header.
var scheme = regexp.MustCompile(`(?i)^(bearer|basic|token)\s+`)

// credentialHeaders are the names of headers that have a credential.
var credentialHeaders = []string{"authorization", "proxy-authorization", "cookie"}

// requests looks for secrets in what the kubelet sends for probes and hooks.
func (c *container) requests() {
	lifecycle := c.node.Field("lifecycle")
	for _, n := range []*document.Node{c.node.Field("livenessProbe"), c.node.Field("readinessProbe"), c.node.Field("startupProbe"),
		lifecycle.Field("postStart"), lifecycle.Field("preStop")} {
		request := n.Field("httpGet")
		for _, header := range items(request, "httpHeaders") {
			name, value := text(header, "name"), scheme.ReplaceAllString(text(header, "value"), "")
			if looksSecret(name, value) || !plain.MatchString(value) && slices.Contains(credentialHeaders, strings.ToLower(name)) {
				c.add("header "+shown(name), literal.without(ExecEnv))
				c.guess(header, "header "+shown(name))
			}
		}
		if path := request.Field("path"); path != nil && holdsPassword(path.Text) {
			c.add("path of a probe", literal.without(ExecEnv))
			c.guess(path, "the path of a probe")
		}
	}
}
