package main

import (
	"sync"

	"github.com/seed45446ece/launcher/launcher/companion"
	"github.com/seed45446ece/launcher/launcher/redact"
)

// masked is the values that the handler's output may not hold. There may come
// more while streams are filtered.
type masked struct {
	mu     sync.Mutex
	values map[string]bool
	set    *redact.Set
}

func newMasked(values [][]byte) *masked {
	m := &masked{values: map[string]bool{}}
	m.add(values...)
	return m
}

// add masks further values from the next byte on, and so comes before the
// handler is given one. Where nothing is masked, m is nil.
func (m *masked) add(values ...[]byte) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.values)
	for _, value := range values {
		if len(value) >= redact.MinLength {
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
	m.set = redact.New(all)
}

func (m *masked) now() *redact.Set {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.set
}

// stream is one more stream of output.
func (m *masked) stream() companion.Filter {
	set := m.now()
	return &maskedStream{m, set, set.Stream()}
}

// maskedStream is a stream that is filtered by the newest set.
type maskedStream struct {
	all    *masked
	set    *redact.Set
	stream *redact.Stream
}

func (s *maskedStream) Append(dst, chunk []byte) []byte {
	if now := s.all.now(); now != s.set {
		s.set = now
		s.stream.Change(now)
	}
	return s.stream.Append(dst, chunk)
}

func (s *maskedStream) Flush(dst []byte) []byte { return s.stream.Flush(dst) }
