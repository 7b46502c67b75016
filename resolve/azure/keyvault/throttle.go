package keyvault

import (
	"context"
	"sync"
	"time"
)

// gate is before a vault: once it throttles, one request tries for all, and
// the others wait until that one has got through.
type gate struct {
	mu    sync.Mutex
	shut  chan struct{} // nil: open; closed when it opens
	said  result       // why it was shut
	until time.Time     // no request before this is of any use
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

// note keeps what the vault asked for.
func (g *gate) note(v result) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.said, g.until = v, time.Now().Add(v.after)
}

// wait lets a request through once the gate is open. It does not where ctx ends
// before; then the result is why, if the vault has said so.
func (g *gate) wait(ctx context.Context) (result, bool) {
	for {
		g.mu.Lock()
		shut, said, until := g.shut, g.said, g.until
		g.mu.Unlock()
		if shut == nil {
			d := time.Until(until)
			if d <= 0 {
				return result{}, ctx.Err() == nil
			}
			if !sleep(ctx, d) {
				return said, false
			}
			continue
		}
		select {
		case <-shut:
		case <-ctx.Done():
			return said, false
		}
	}
}

// turn is one request before the gate.
type turn struct {
	gate  *gate
	first bool // it is the one that tries for all
}

// wait lets the request through.
func (t *turn) wait(ctx context.Context) (result, bool) {
	if t.first {
		return result{}, ctx.Err() == nil
	}
	return t.gate.wait(ctx)
}

// throttled reports whether this is the request to try again for all.
func (t *turn) throttled(v result) bool {
	t.first = t.first || t.gate.close()
	if t.first {
		t.gate.note(v)
	}
	return t.first
}

// end opens the gate again where this request shut it.
func (t *turn) end() {
	if t.first {
		t.gate.open()
		t.first = false
	}
}
