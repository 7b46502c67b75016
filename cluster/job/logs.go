package job

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seed45446ece/launcher/cluster"
)

// lines is where whole lines of many logs go, one at a time.
type lines struct {
	mu     sync.Mutex
	out    io.Writer
	failed error // the first; what comes later is dropped
}

func (l *lines) write(prefix string, line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return
	}
	_, l.failed = l.out.Write(append([]byte(prefix), line...))
}

// stream is one container's log.
type stream struct {
	*Job
	pod, container string
	prefix         string
	to             *lines
	ended          func() bool     // whether the container has ended, as far as is known
	changed        <-chan struct{} // is sent to when that may have changed
	warn           func(error)     // may be nil
	seen           position
	head           *head
}

// head is the start of a line whose end was not read. It comes again, in whole, with
// the next reading; but not if the kubelet has rotated the log within the line.
type head struct {
	at   time.Time
	text []byte
}

// position is how far a log was read: the time of its last line, and how many
// lines of that time there were. The kubelet gives each line its time, and
// reads on from a second, not from a line.
type position struct {
	at    time.Time
	lines int
	read  bool // a line was read since
}

// maxHeld is the longest line that is held back until its end was read, in
// bytes. A longer one may be there twice where its reading breaks off.
const maxHeld = 1 << 20

// run hands the log on, each line once, until the container has ended and all
// of it was read. A reading that breaks off is taken up where it was. What can
// be read no more, as the pod is gone, is no error.
func (s *stream) run(ctx context.Context) error {
	defer s.flush()
	for {
		last := s.ended()
		err := s.read(ctx, last)
		switch {
		case ctx.Err() != nil || last && err == nil:
			return nil
		case err != nil && gone(err):
			if last {
				return nil
			}
		case err != nil && !cluster.Passing(err):
			return s.explain(ctx, "read the log of", err)
		}
		select {
		case <-s.changed:
		case <-time.After(again):
		case <-ctx.Done():
		}
	}
}

// read follows the log once; whole says that it ends with the container and not
// with the connection.
func (s *stream) read(ctx context.Context, whole bool) error {
	o := &corev1.PodLogOptions{Container: s.container, Follow: true, Timestamps: true}
	if !s.seen.at.IsZero() {
		o.SinceTime = &metav1.Time{Time: s.seen.at.Truncate(time.Second)}
	}
	body, err := s.Cluster.Core.Pods(s.Cluster.Namespace).GetLogs(s.pod, o).Stream(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // opened to read: closing loses nothing
	return s.copy(body, whole)
}

// copy hands on the lines that were not seen before.
func (s *stream) copy(from io.Reader, whole bool) error {
	r := bufio.NewReaderSize(from, 64<<10)
	before := s.seen // its lines come again
	for {
		line, err := wholeLine(r)
		if len(line) > 0 {
			at, text := split(line)
			complete := err == nil || whole || errors.Is(err, errLong)
			switch {
			case before.covers(at, complete):
			case complete:
				s.noteGap(before, at)
				s.pass(at, text)
			case !at.IsZero() && s.head == nil:
				s.noteGap(before, at)
				s.head = &head{at, text}
			}
			if !at.IsZero() && complete {
				before.read = true
			}
		}
		if errors.Is(err, errLong) {
			err = s.rest(r)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// covers reports whether a line was handed on by an earlier reading.
func (p *position) covers(at time.Time, complete bool) bool {
	switch {
	case p.at.IsZero():
		return false
	case at.Equal(p.at) && p.lines > 0:
		if complete {
			p.lines--
		}
		return true
	}
	return at.Before(p.at)
}

// noteGap warns if a reading does not begin with lines that are known: the kubelet has
// rotated them away, and others with them that may not have been read. The end of a
// line whose start is known leaves no gap.
func (s *stream) noteGap(before position, at time.Time) {
	if s.warn != nil && s.head == nil && !before.at.IsZero() && !before.read && !at.IsZero() {
		s.warn(fmt.Errorf("pod %s: the log was rotated: lines before %s may be lost", s.pod, at.Format(time.RFC3339)))
	}
}

func (s *stream) pass(at time.Time, text []byte) {
	if h := s.head; h != nil {
		s.head = nil
		if !at.Equal(h.at) || !bytes.HasPrefix(text, h.text) {
			text = append(h.text, text...)
		}
	}
	if at.Equal(s.seen.at) {
		s.seen.lines++
	} else if !at.IsZero() {
		s.seen = position{at: at, lines: 1}
	}
	s.to.write(s.prefix, text)
}

// flush writes the start of a line whose end never came.
func (s *stream) flush() {
	if s.head != nil {
		s.to.write(s.prefix, s.head.text)
		s.head = nil
	}
}

// rest hands on what is left of a line that is too long to hold.
func (s *stream) rest(r *bufio.Reader) error {
	for {
		part, err := r.ReadSlice('\n')
		s.to.write("", part)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

var errLong = errors.New("a long line")

// wholeLine is the next line with its end, or what there is of it.
func wholeLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case !errors.Is(err, bufio.ErrBufferFull):
			return line, err
		case len(line) > maxHeld:
			return line, errLong
		}
	}
}

// split takes the time off a line. A line without one is handed on as it is.
func split(line []byte) (time.Time, []byte) {
	stamp, text, found := bytes.Cut(line, []byte{' '})
	if !found {
		return time.Time{}, line
	}
	at, err := time.Parse(time.RFC3339Nano, string(stamp))
	if err != nil {
		return time.Time{}, line
	}
	return at, text
}
