package exec

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// problem returns what is wrong with the run for the identifiers, nil for nothing.
func (r result) problem(ctx context.Context, spec Spec, identifiers []string, size int) error {
	name, status := "program "+keyname.Quote(spec.Name()), r.status.ExitStatus()
	switch {
	case r.tooLong || size > maxOutput:
		return &problem{text: name + " wrote more than 1 MiB on standard output"}
	case r.status.Exited() && status == 0 && size == 0 && spec.EmptyIsMissing:
		return resolve.Absent(fmt.Sprintf("%s printed nothing: %s is missing", name, secretName(identifiers)))
	case r.status.Exited() && status == 0:
		return nil
	case ctx.Err() != nil:
		return resolve.Unavailable(name + " did not end before the deadline")
	case r.status.Signaled():
		return &problem{text: fmt.Sprintf("%s was ended by %s", name, cmp.Or(signalName(r.status.Signal()), "a signal")), hint: adviseRun}
	case slices.Contains(spec.Temporary, status):
		return resolve.Unavailable(fmt.Sprintf("%s ended with status %d", name, status))
	case slices.Contains(spec.Missing, status):
		return resolve.Absent(fmt.Sprintf("%s ended with status %d: %s is missing", name, status, secretName(identifiers)))
	case status == 126 || status == 127:
		return &problem{text: fmt.Sprintf("%s ended with status %d", name, status), hint: adviseStart}
	case len(spec.Missing) == 0 && len(spec.Defaults()) > 0:
		return &problem{text: fmt.Sprintf("%s ended with status %d", name, status), hint: fmt.Sprintf(adviseDefault, status)}
	}
	return &problem{text: fmt.Sprintf("%s ended with status %d", name, status), hint: adviseRun}
}

// secretName returns how a message names the secret that a program was asked for.
func secretName(identifiers []string) string {
	if len(identifiers) == 0 {
		return "the secret"
	}
	return keyname.Quote(identifiers[0])
}

const (
	adviseRun     = "run the program yourself, or use --exec-stderr to see its standard error, which may hold values"
	adviseDefault = "if this status means that the secret is missing, add missing: [%d] to the source, so that the default is used; else use --exec-stderr"
	adviseMissing = "check the command, or mark the source optional: true"
	adviseStart   = "check the program's #! line, and the programs that it starts: 126 and 127 mean that one cannot run"
)

// problem is an error with a hint.
type problem struct {
	text, hint string
	kind       error // resolve.ErrUnavailable, resolve.ErrAbsent or nil
}

func (p *problem) Error() string        { return p.text }
func (p *problem) Hint() string         { return p.hint }
func (p *problem) Is(target error) bool { return p.kind != nil && target == p.kind }
