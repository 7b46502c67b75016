// Package cli owns what both programs say and how they exit: statuses, messages
// with hints, usage errors, repeatable flags and the version.
//
// It refuses to print an error without escaping it. It reads no flag, variable
// or secret itself. Data flows error -> Report -> message and exit status.
package cli

import (
	"errors"
	"fmt"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// The programs' own exit statuses; docker run and env use 125 to 127 too.
const (
	StatusAbsent      = 1   // the context has no such key or name
	StatusFindings    = 1   // a check found something to change
	StatusUnavailable = 124 // retrying may help
	StatusRefused     = 125 // retrying will not help
	StatusCannotRun   = 126
	StatusNotFound    = 127
)

// ExitStatus is an error that was reported already, or that needs no message.
type ExitStatus int

func (s ExitStatus) Error() string { return fmt.Sprintf("status %d", int(s)) }

// Status returns StatusUnavailable if retrying may help with everything that
// failed, else StatusRefused.
func Status(err error) int {
	for _, e := range document.Unjoin(err) {
		if !errors.Is(e, resolve.ErrUnavailable) {
			return StatusRefused
		}
	}
	return StatusUnavailable
}
