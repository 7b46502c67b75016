package exec

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// problem returns what is wrong with the run, nil for nothing.
func (r result) problem(ctx context.Context, spec Spec, size int) error {
	name, status := "program "+keyname.Quote(spec.Name()), r.status.ExitStatus()
	switch {
	case r.tooLong || size > maxOutput:
		return &problem{text: name + " wrote more than 1 MiB on standard output"}
	case r.status.Exited() && status == 0 && size == 0 && spec.EmptyIsMissing:
		return resolve.Absent(name + " printed nothing: the secret is missing")
	case r.status.Exited() && status == 0:
		return nil
	case ctx.Err() != nil:
		return resolve.Unavailable(name + " did not end before the deadline")
	case r.status.Signaled():
		return &problem{text: fmt.Sprintf("%s was ended by %s", name, cmp.Or(signalName(r.status.Signal()), "a signal")), hint: adviseRun}
	case slices.Contains(spec.Temporary, status):
		return resolve.Unavailable(fmt.Sprintf("%s ended with status %d", name, status))
	case slices.Contains(spec.Missing, status):
		return resolve.Absent(fmt.Sprintf("%s ended with status %d: the secret is missing", name, status))
	case status == 126 || status == 127:
		return &problem{text: fmt.Sprintf("%s ended with status %d", name, status), hint: adviseStart}
	}
	return &problem{text: fmt.Sprintf("%s ended with status %d", name, status), hint: adviseRun}
}

const (
	adviseRun     = "run the program yourself, or use --exec-stderr to see its standard error, which may hold values"
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
