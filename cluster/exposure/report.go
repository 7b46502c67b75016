package exposure

import (
	"cmp"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Severity says how sure and how bad a finding is, in SARIF's words.
type Severity string

// The severities.
const (
	Note    Severity = "note"    // as the way is
	Warning Severity = "warning" // a guess
	Error   Severity = "error"   // a value is where it must not be
)

// Severities lists them, the least first.
var Severities = []string{string(Note), string(Warning), string(Error)}

// rank returns the place of a severity in Severities.
func (s Severity) rank() int { return slices.Index(Severities, string(s)) }

// Report is what was found in texts.
type Report struct {
	Objects []Object       `json:"objects"`
	Skipped map[string]int `json:"skipped,omitempty"` // objects without a pod, by kind
	Access  *Access        `json:"access,omitempty"`  // of an object of the cluster
}

// Object is one object that has secrets, or could have some.
type Object struct {
	Name      string    `json:"object"` // job/train
	Namespace string    `json:"namespace,omitempty"`
	File      string    `json:"file,omitempty"`
	Line      int       `json:"line,omitempty"`
	Secrets   []Secret  `json:"secrets"`
	Findings  []Finding `json:"findings"`

	path  string // of File; "" if it is not in a file
	pods  int
	index map[string]int // of Secrets, by name
	known map[Finding]bool
}

// Secret is one secret of an object, or what reads secrets, and what can be seen of it.
type Secret struct {
	Name       string           `json:"secret"` // secret/NAME:KEY, variable NAME
	Ways       []string         `json:"ways"`
	Containers []string         `json:"containers"`
	Sees       map[string]Level `json:"sees"`
	sees       [channels]Level
	SecretName string `json:"-"` // of the Kubernetes Secret, "" for none
}

// Finding is something to know or to change.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Advice   string   `json:"advice"`
	Line     int      `json:"line,omitempty"`
	Column   int      `json:"column,omitempty"`
}

// channelIDs names the channels in JSON, and columns in the table.
var channelIDs = [channels]struct{ ID, Title string }{
	{"spec", "SPEC"}, {"secret_readers", "GET SECRET"}, {"exec_env", "EXEC ENV"}, {"exec_files", "EXEC FILES"}, {"etcd", "ETCD"}, {"logs", "LOGS"},
}

// Input is a text to check.
type Input struct {
	Origin string // its name in messages
	Path   string // of its file, "" for none
	Placed bool   // its lines mean something to the user
	Text   []byte
}

// Check adds the objects of a text to the report. The error holds every problem of the
// text. It is a NoPodError if no object has a pod.
func (r *Report) Check(in Input) error {
	found, skipped, err := objects(in.Origin, in.Text)
	if err != nil {
		return err
	}
	pods := 0
	for _, o := range found {
		checked := o.check()
		pods += checked.pods
		if checked.pods == 0 && len(checked.Findings) == 0 {
			skipped = append(skipped, cmp.Or(shown(o.kind), "without a kind"))
			continue
		}
		checked.path = in.Path
		if !in.Placed {
			checked.removePlaces()
		}
		r.Objects = append(r.Objects, checked)
	}
	for _, kind := range skipped {
		if r.Skipped == nil {
			r.Skipped = map[string]int{}
		}
		r.Skipped[kind]++
	}
	if pods == 0 {
		return NoPodError{in.Origin}
	}
	return nil
}

func (o *Object) removePlaces() {
	o.File, o.Line = "", 0
	for i := range o.Findings {
		o.Findings[i].Line, o.Findings[i].Column = 0, 0
	}
}

// NoPodError says that a text has no object with a pod.
type NoPodError struct{ Origin string }

func (e NoPodError) Error() string {
	return keyname.Plain(e.Origin) + ": it contains no pod"
}

// Hint says what to name instead.
func (NoPodError) Hint() string {
	return "name a file with a Pod, Job, CronJob, Deployment, StatefulSet, DaemonSet or another object that has a pod template"
}

// HasFinding reports whether a finding of the report is at least this severe.
func (r *Report) HasFinding(least Severity) bool {
	return slices.ContainsFunc(r.Objects, func(o Object) bool {
		return slices.ContainsFunc(o.Findings, func(f Finding) bool { return f.Severity.rank() >= least.rank() })
	})
}

// check returns what an object shows.
func (o object) check() Object {
	object := Object{Name: o.name(), Namespace: shown(text(o.node.Field("metadata"), "namespace")), File: o.origin, Line: o.at(o.node).Line,
		Secrets: []Secret{}, Findings: []Finding{}, index: map[string]int{}, known: map[Finding]bool{}}
	for _, p := range pods(o.node) {
		object.pods++
		r := podReader{object: o, pod: p, result: &object}
		r.read()
		r.annotations(o.node.Field("metadata"))
	}
	switch o.kind {
	case "Secret":
		o.secret(&object)
	case "ConfigMap":
		o.configMap(&object)
	}
	o.lastApplied(&object)
	for i := range object.Secrets {
		s := &object.Secrets[i]
		s.Sees = map[string]Level{}
		for c, level := range s.sees {
			s.Sees[channelIDs[c].ID] = level
		}
	}
	return object
}

// add adds a secret that was found, or a further way of one that is known.
func (o *Object) add(name string, w Way, container string, sees [channels]Level) {
	i, known := o.index[name]
	if !known {
		i = len(o.Secrets)
		o.index[name] = i
		o.Secrets = append(o.Secrets, Secret{Name: name, Ways: []string{}, Containers: []string{}})
	}
	s := &o.Secrets[i]
	if !slices.Contains(s.Ways, w.Name) {
		s.Ways = append(s.Ways, w.Name)
	}
	if container != "" && !slices.Contains(s.Containers, container) {
		s.Containers = append(s.Containers, container)
	}
	for c := range sees {
		s.sees[c] = max(s.sees[c], sees[c])
	}
	if secret, ok := strings.CutPrefix(name, "secret/"); ok {
		s.SecretName, _, _ = strings.Cut(secret, ":")
	}
}

// find adds a finding.
func (o *Object) find(at document.Position, r rule, message string) {
	f := Finding{r.ID, r.Severity, message, r.Advice, at.Line, at.Column}
	if !o.known[f] {
		o.known[f] = true
		o.Findings = append(o.Findings, f)
	}
}
