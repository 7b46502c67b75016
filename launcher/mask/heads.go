package mask

import "bytes"

// heads is an Aho-Corasick automaton over the forms, each to its head's length.
// A state is the longest end of the stream that is the start of a form.
type heads struct {
	trie
	length int
	fail   []int32  // the longest proper end of a node that is a node and no leaf
	depth  []uint16 // the node's length
	match  []uint16 // of the longest form at the end of a node
	first  [256]int32
	texts  [][]byte // until link: those that no other begins with
}

func newHeads(length int) *heads {
	return &heads{trie: newTrie(), length: length, depth: []uint16{0}, match: []uint16{0}}
}

// insert is the node of a form's head.
func (h *heads) insert(form []byte) int32 {
	head := form[:min(len(form), h.length)]
	last, first := h.trie.insert(0, head)
	if first != 0 {
		h.texts = append(h.texts, bytes.Clone(head))
		for d := len(head) - (len(h.label) - int(first)) + 1; d <= len(head); d++ {
			h.depth, h.match = append(h.depth, uint16(d)), append(h.match, 0)
		}
	}
	h.match[last] = uint16(len(head))
	return last
}

// link finds where each node fails to: all heads by one more byte at a time, as
// a node fails to shorter ones.
func (h *heads) link() {
	h.fail = make([]int32, len(h.label))
	for c := range h.first {
		h.first[c] = h.child(0, byte(c))
	}
	at := make([]int32, len(h.texts))
	done := make([]uint64, len(h.special))
	for depth, more := 0, true; more; depth++ {
		more = false
		for i, text := range h.texts {
			if depth >= len(text) {
				continue
			}
			more = more || depth+1 < len(text)
			n := h.child(at[i], text[depth])
			if done[n/64]>>(n%64)&1 == 0 {
				done[n/64] |= 1 << (n % 64)
				h.linkNode(at[i], n, text[depth])
			}
			at[i] = n
		}
	}
	h.texts = nil
}

func (h *heads) linkNode(parent, n int32, c byte) {
	if parent == 0 {
		return
	}
	to := h.next(h.fail[parent], c)
	h.match[n] = max(h.match[n], h.match[to])
	if h.isLeaf(to) {
		to = h.fail[to]
	}
	h.fail[n] = to
}

// next is the state after one more byte. It may be a leaf, which is to be left
// for what it fails to.
func (h *heads) next(n int32, c byte) int32 {
	for n != 0 {
		if m := h.child(n, c); m != 0 {
			return m
		}
		n = h.fail[n]
	}
	return h.first[c]
}
