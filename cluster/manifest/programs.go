package manifest

import "github.com/seed45446ece/launcher/resolve/keyname"

// programs lets the launcher run the programs of exec sources: it refuses to for a
// task in a variable, and the pod's task is in one. There is nothing to mount. The
// programs have to be in the handler's image.
func (p *plan) programs() {
	for _, s := range p.declared.Programs {
		p.warn("add it to the handler's image, with what it needs to log in", "%s: the pod runs the program %s, which the image must have",
			s.At, keyname.Quote(s.Command[0]))
	}
	if len(p.declared.Programs) > 0 {
		p.launch = append(p.launch, "--allow-exec")
	}
}
