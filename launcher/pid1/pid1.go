// Package pid1 stays as the parent of a handler and does what PID 1 owes a
// container: it forwards signals, reaps, ends what is left, and has the
// handler's status.
//
// It owns the parent's process, from the moment that it starts its child. It
// refuses to know a task or a secret: the child is this program again, which
// resolves and becomes the handler, and the parent then replaces its own memory,
// arguments and environment by execve. So is a second child, the attendant, that
// answers for secrets or masks them while the handler runs: the parent is not in
// the way of either. Data flows Start -> Orders -> arguments -> resident. It
// knows only inherit and tmpfs.
package pid1

import (
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Command is the first argument of the resident parent.
const Command = "init"

// Orders is what the resident parent knows.
type Orders struct {
	Handler   int           // the child's process
	Attendant int           // another one's, which ends when lifelineFD is closed; 0 for none
	Grace     time.Duration // after TERM, how long before KILL
	Terminal  bool          // there is one, at terminalFD
	Directory string        // refers to the one to remove at the end; "" for none
	Report    string        // how to speak: its owner's to read
}

// args is the command line of the resident, for readers of ps(1) too.
func (o Orders) args() []string {
	return []string{"launcher", Command, "--grace=" + o.Grace.String(), "--terminal=" + strconv.FormatBool(o.Terminal),
		"--attendant=" + strconv.Itoa(o.Attendant), "--directory=" + o.Directory, "--report=" + o.Report, strconv.Itoa(o.Handler)}
}

// ParseOrders reads what follows Command. It fails where that is not what Stay
// gave, which is for no one to type, and where the handler is no child.
func ParseOrders(args []string) (o Orders, err error) {
	set := flag.NewFlagSet(Command, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.DurationVar(&o.Grace, "grace", 0, "")
	set.BoolVar(&o.Terminal, "terminal", false, "")
	set.IntVar(&o.Attendant, "attendant", 0, "")
	set.StringVar(&o.Directory, "directory", "", "")
	set.StringVar(&o.Report, "report", "", "")
	if err = set.Parse(args); err == nil {
		o.Handler, err = strconv.Atoi(strings.Join(set.Args(), " "))
	}
	if err == nil && o.Handler > 1 {
		_, err = look(unix.P_PID, o.Handler)
	}
	if err != nil || o.Handler <= 1 {
		return o, fmt.Errorf("%q is how the launcher names its own process while a handler runs, and no command", Command)
	}
	return o, nil
}
