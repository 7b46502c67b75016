//go:build linux && (amd64 || arm64) && !portable

package main

import (
	"sync"

	"github.com/seed45446ece/launcher/launcher/companion"
	"github.com/seed45446ece/launcher/launcher/redact"
)

// redactor holds the values that the handler's output must not show. Values can be
// added while streams are filtered.
type redactor struct {
	mu     sync.Mutex
	values map[string]bool
	set    *redact.Set
}

func newRedactor() *redactor {
	return &redactor{values: map[string]bool{}, set: redact.New(nil)}
}

// add redacts further values from the next byte on, so call it before the handler
// gets one. It does nothing if r is nil.
func (r *redactor) add(values ...[]byte) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(r.values)
	for _, value := range values {
		if len(value) >= redact.MinLength {
			r.values[string(value)] = true
		}
	}
	if len(r.values) == before {
		return
	}
	var all [][]byte
	for value := range r.values {
		all = append(all, []byte(value))
	}
	r.set = redact.New(all)
}

func (r *redactor) current() *redact.Set {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.set
}

// stream returns a filter for one more stream of output.
func (r *redactor) stream() companion.Filter {
	set := r.current()
	return &redactedStream{r, set, set.Stream()}
}

// redactedStream filters a stream by the newest set.
type redactedStream struct {
	all    *redactor
	set    *redact.Set
	stream *redact.Stream
}

func (s *redactedStream) Append(dst, chunk []byte) []byte {
	if now := s.all.current(); now != s.set {
		s.set = now
		s.stream.Change(now)
	}
	return s.stream.Append(dst, chunk)
}

func (s *redactedStream) Flush(dst []byte) []byte { return s.stream.Flush(dst) }
