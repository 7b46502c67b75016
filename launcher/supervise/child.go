//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/sigstate"
)

// Role is what a child of the supervisor does. It is the child's name, as its
// only argument beside descriptor numbers.
type Role string

// The roles.
const (
	HandlerProcess   Role = "launcher: start" // becomes the handler
	CompanionProcess Role = "launcher: serve" // answers for secrets, or redacts output
)

// message is what the supervisor sends a child once. The arguments and the
// environment follow it as they are in memory.
type message struct {
	Signals   sigstate.State
	Directory string
	Companion bool
	Arguments int // how many of the strings are arguments
}

// headSize is the size of what says how long the message and the strings are.
const headSize = 8

// send writes the message, and the strings without a copy of them: the
// supervisor's memory must not hold one.
func (m message) send(link int, strings []byte) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(text)))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(strings)))
	if err := WriteAll(link, append(head, text...)); err != nil {
		return err
	}
	return WriteAll(link, strings)
}

// Child is a child of the supervisor, and what it was told.
type Child struct {
	Role          Role
	Signals       sigstate.State // for the handler
	Directory     string         // refers to that of the delivery; "" for none
	Args, Environ []string       // of the supervisor; empty for a handler that has a companion
	HasCompanion  bool
	Link          int // to the supervisor
	Peer          int // to the other child; -1 for none
	Output        int // what the handler writes on standard output; -1 if it is not redacted
	Messages      int // the same of standard error; -1 if it is not redacted, or the same file
	parent        int
}

// ErrParentEnded says that the supervisor ended first.
var ErrParentEnded = errors.New("the launcher's parent process has ended; the handler was not started")

// NewChild returns nil if this process is no child of a supervisor. It fails if
// somebody else started it under a child's name, or if the supervisor has ended.
func NewChild(args []string) (*Child, error) {
	if len(args) == 0 {
		return nil, nil
	}
	role := Role(args[0])
	if role != HandlerProcess && role != CompanionProcess {
		return nil, nil
	}
	c := &Child{Role: role, parent: os.Getppid()}
	var fds []int
	for _, arg := range args[1:] {
		fd, err := strconv.Atoi(arg)
		if err != nil {
			return nil, c.misnamed()
		}
		fds = append(fds, fd)
		if fd >= 0 {
			unix.CloseOnExec(fd)
		}
	}
	for _, to := range []*int{&c.Link, &c.Peer, &c.Output, &c.Messages} {
		if *to = -1; len(fds) > 0 {
			*to, fds = fds[0], fds[1:]
		}
	}
	peer, err := unix.GetsockoptUcred(c.Link, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return nil, c.misnamed()
	}
	if int(peer.Pid) != c.parent {
		return nil, ErrParentEnded
	}
	c.setName()
	return c, c.receive()
}

func (c *Child) misnamed() error {
	return fmt.Errorf("%q is the name of a process that only the launcher starts", c.Role)
}

// receive reads the supervisor's message.
func (c *Child) receive() error {
	head := make([]byte, headSize)
	if !readFull(c.Link, head) {
		return ErrParentEnded
	}
	text := make([]byte, binary.LittleEndian.Uint32(head))
	strings := make([]byte, binary.LittleEndian.Uint32(head[4:]))
	if !readFull(c.Link, text) || !readFull(c.Link, strings) {
		return ErrParentEnded
	}
	return c.take(text, strings)
}

// take takes over a message and the strings that follow it. It fails if the
// message is malformed.
func (c *Child) take(text, strings []byte) error {
	var m message
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("the parent process's message: %w", err)
	}
	var all []string
	if len(strings) > 0 {
		for s := range bytes.SplitSeq(bytes.TrimSuffix(strings, []byte{0}), []byte{0}) {
			all = append(all, string(s))
		}
	}
	if m.Arguments < 0 || m.Arguments > len(all) {
		return errors.New("the parent process's message: fewer strings than it says")
	}
	c.Signals, c.Directory, c.HasCompanion = m.Signals, m.Directory, m.Companion
	c.Args, c.Environ = all[:m.Arguments], all[m.Arguments:]
	return nil
}

// BeforeExec lets this process outlive the supervisor, and tells it that the
// handler starts now. It fails if the supervisor has ended.
func (c *Child) BeforeExec() error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0); err != nil {
		return err
	}
	if WriteAll(c.Link, []byte{started}) != nil || os.Getppid() != c.parent {
		return ErrParentEnded
	}
	return nil
}

// started is what a child writes just before it becomes the handler.
const started = 'x'

// Wait returns when this process, the companion, should end: its supervisor has
// closed the link, or has ended.
func (c *Child) Wait() {
	var b [1]byte
	for readFull(c.Link, b[:]) {
	}
}

// readFull reports whether it could fill b.
func readFull(fd int, b []byte) bool {
	_, err := io.ReadFull(Descriptor(fd), b)
	return err == nil
}

// setName names this process for ps(1).
func (c *Child) setName() {
	name := append([]byte(c.Role), 0)
	_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0)
}
