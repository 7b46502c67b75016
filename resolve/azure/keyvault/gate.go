package keyvault

import (
	"context"
	"sync"
)

// gate is before a vault: once it throttles, one request tries for all, and
// the others wait until that one has got through.
type gate struct {
	mu   sync.Mutex
	shut chan struct{} // nil: open; closed when it opens
}

func (g *gate) close() (mine bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		return false
	}
	g.shut = make(chan struct{})
	return true
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.shut)
	g.shut = nil
}

func (g *gate) wait(ctx context.Context) error {
	for {
		g.mu.Lock()
		shut := g.shut
		g.mu.Unlock()
		if shut == nil {
			return ctx.Err()
		}
		select {
		case <-shut:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// turn is one request before the gate.
type turn struct {
	gate  *gate
	first bool // it is the one that tries for all
}

// wait lets the request through.
func (t *turn) wait(ctx context.Context) error {
	if t.first {
		return ctx.Err()
	}
	return t.gate.wait(ctx)
}

// throttled reports whether this is the request to try again for all.
func (t *turn) throttled() bool {
	t.first = t.first || t.gate.close()
	return t.first
}

// end opens the gate again where this request shut it.
func (t *turn) end() {
	if t.first {
		t.gate.open()
	}
}
