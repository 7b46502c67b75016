package main

import (
	"sync"

	"github.com/seed45446ece/launcher/launcher/companion"
	"github.com/seed45446ece/launcher/launcher/mask"
)

// masked is the values that the handler's output may not hold. There may come
// more while streams are filtered.
type redactor struct {
	mu     sync.Mutex
	values map[string]bool
	set    *mask.Set
}

func newRedactor(values [][]byte) *redactor {
	m := &redactor{values: map[string]bool{}}
	m.add(values...)
	return m
}

// add masks further values from the next byte on, and so comes before the
// handler is given one. Where nothing is masked, m is nil.
func (m *redactor) add(values ...[]byte) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.values)
	for _, value := range values {
		if len(value) >= mask.MinLength {
			m.values[string(value)] = true
		}
	}
	if len(m.values) == before && m.set != nil {
		return
	}
	var all [][]byte
	for value := range m.values {
		all = append(all, []byte(value))
	}
	m.set = mask.New(all)
}

func (m *redactor) current() *mask.Set {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.set
}

// stream is one more stream of output.
func (m *redactor) stream() companion.Filter {
	set := m.current()
	return &redactedStream{m, set, set.Stream()}
}

// redactedStream is a stream that is filtered by the newest set.
type redactedStream struct {
	all    *redactor
	set    *mask.Set
	stream *mask.Stream
}

func (s *redactedStream) Append(dst, chunk []byte) []byte {
	if now := s.all.current(); now != s.set {
		s.set = now
		s.stream.Change(now)
	}
	return s.stream.Append(dst, chunk)
}

func (s *redactedStream) Flush(dst []byte) []byte { return s.stream.Flush(dst) }
