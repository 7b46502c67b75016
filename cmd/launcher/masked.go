package main

import (
	"sync"

	"github.com/seed45446ece/launcher/launcher/companion"
	"github.com/seed45446ece/launcher/launcher/mask"
)

// masked is the values that the handler's output may not hold. There may come
// more while streams are filtered.
type masked struct {
	mu     sync.Mutex
	values map[string]bool
	set    *mask.Set
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

func (m *masked) now() *mask.Set {
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
	set    *mask.Set
	stream *mask.Stream
}

func (s *maskedStream) Append(dst, chunk []byte) []byte {
	if now := s.all.now(); now != s.set {
		s.set = now
		s.stream.Change(now)
	}
	return s.stream.Append(dst, chunk)
}

func (s *maskedStream) Flush(dst []byte) []byte { return s.stream.Flush(dst) }
