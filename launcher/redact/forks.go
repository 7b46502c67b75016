package redact

import "math/bits"

// forks is the edges of nodes that have several, a hash table with open
// addresses that is at most half full.
type forks struct {
	slots []edge // a power of two of them
	shift uint8
	count int
}

// edge leads from a node by a byte to another, which is never 0.
type edge struct {
	from, to int32
	by       byte
}

// slot is the place of an edge, or the free one where it belongs.
func (f *forks) slot(from int32, by byte) *edge {
	at := hash(uint64(from)<<8|uint64(by)) >> f.shift
	for {
		e := &f.slots[at]
		if e.to == 0 || e.from == from && e.by == by {
			return e
		}
		at = (at + 1) & uint64(len(f.slots)-1)
	}
}

func (f *forks) set(e edge) {
	if 2*f.count >= len(f.slots) {
		before := f.slots
		f.slots = make([]edge, max(2*len(before), 64))
		f.shift = uint8(65 - bits.Len(uint(len(f.slots))))
		for _, e := range before {
			if e.to != 0 {
				*f.slot(e.from, e.by) = e
			}
		}
	}
	*f.slot(e.from, e.by) = e
	f.count++
}
