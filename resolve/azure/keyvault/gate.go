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
	said  verdict       // why it was shut
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
func (g *gate) note(v verdict) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.said, g.until = v, time.Now().Add(v.after)
}

// wait lets a request through once the gate is open. It does not where ctx ends
// before; then the verdict is why, if the vault has said so.
func (g *gate) wait(ctx context.Context) (verdict, bool) {
	for {
		g.mu.Lock()
		shut, said, until := g.shut, g.said, g.until
		g.mu.Unlock()
		if shut == nil {
			d := time.Until(until)
			if d <= 0 {
				return verdict{}, ctx.Err() == nil
			}
			if !sleep(ctx, d) {
				return said, false
			}
			continue
		}
		select {
		case <-shut:
		case <-ctx.Done():
			return g.lastSaid(), false // by now the one that tries for all may know more
		}
	}
}

func (g *gate) lastSaid() verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.said
}

// turn is one request before the gate.
type turn struct {
	gate  *gate
	first bool // it is the one that tries for all
}

// wait lets the request through.
func (t *turn) wait(ctx context.Context) (verdict, bool) {
	if t.first {
		return verdict{}, ctx.Err() == nil
	}
	return t.gate.wait(ctx)
}

// throttled reports whether this is the request to try again for all.
func (t *turn) throttled(v verdict) bool {
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
