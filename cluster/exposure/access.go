package exposure

// Access holds who can read the Secrets of an object in its cluster.
type Access struct {
	Rights []Right  `json:"rights"`
	Denied []string `json:"not_asked,omitempty"` // what the caller may not list, such as "clusterroles"
}

// Right is a right by RBAC, and who has it.
type Right struct {
	What string   `json:"right"` // get secret/NAME
	Who  []string `json:"who"`
}

// SecretNames returns the Kubernetes Secrets of the report, in order.
func (r *Report) SecretNames() []string {
	var names []string
	seen := map[string]bool{}
	for _, o := range r.Objects {
		for _, s := range o.Secrets {
			if s.SecretName != "" && !seen[s.SecretName] {
				seen[s.SecretName] = true
				names = append(names, s.SecretName)
			}
		}
	}
	return names
}
