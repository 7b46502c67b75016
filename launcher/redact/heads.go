package redact

import "bytes"

// heads is an Aho-Corasick automaton over the forms, each to its head's length.
// A state is the longest end of the stream that is the start of a form.
type heads struct {
	trie
	length   int
	fail     []int32    // the longest proper end of a node that is a node
	depth    []uint16   // the node's length
	match    []uint16   // of the longest form at the end of a node
	first    [256]int32 // the root's children
	branches []branch   // until link
	least    int        // the shortest form's length
}

// branch is a head, and its nodes from where it leaves those before it.
type branch struct {
	head          []byte
	from          int // the parent's depth
	parent, first int32
}

func newHeads(length int) *heads {
	return &heads{trie: newTrie(), length: length, depth: []uint16{0}, match: []uint16{0}, least: length}
}

// insert is the node of a form's head.
func (h *heads) insert(form []byte) int32 {
	head := form[:min(len(form), h.length)]
	h.least = min(h.least, len(head))
	last, first, parent := h.first[head[0]], int32(0), int32(0)
	if last == 0 {
		last, first, parent = h.trie.insert(0, head)
		h.first[head[0]] = first
	} else {
		last, first, parent = h.trie.insert(last, head[1:])
	}
	if first != 0 {
		from := int(h.depth[parent])
		h.match = append(h.match, make([]uint16, len(head)-from)...)
		for depth := from + 1; depth <= len(head); depth++ {
			h.depth = append(h.depth, uint16(depth))
		}
		h.branches = append(h.branches, branch{bytes.Clone(head), from, parent, first})
	}
	h.match[last] = uint16(len(head))
	return last
}

// link finds where each node fails to: all branches by one more byte at a time,
// as a node fails to shorter ones.
func (h *heads) link() {
	h.fail = make([]int32, len(h.label))
	for depth, more := 0, true; more; depth++ {
		more = false
		for i := range h.branches {
			b := &h.branches[i]
			more = more || depth < len(b.head)
			switch {
			case depth == b.from:
				h.linkNode(b.parent, b.first, b.head[depth])
			case depth > b.from && depth < len(b.head):
				n := b.first + int32(depth-b.from)
				h.linkNode(n-1, n, b.head[depth])
			}
		}
	}
	h.branches = nil
}

func (h *heads) linkNode(parent, n int32, c byte) {
	if parent == 0 {
		return
	}
	to := h.next(h.fail[parent], c)
	h.match[n] = max(h.match[n], h.match[to])
	h.fail[n] = to
}

// next is the state after one more byte.
func (h *heads) next(n int32, c byte) int32 {
	for n != 0 {
		if m := h.child(n, c); m != 0 {
			return m
		}
		n = h.fail[n]
	}
	return h.first[c]
}
