package redact

// trie is prefixes of forms as nodes. A form is one chain of nodes in a row from
// where it leaves the others, so that an edge to the next node is one byte;
// nodes with more edges, or another, are few and have theirs in a map.
type trie struct {
	label   []byte   // of the edge n -> n+1; a leaf or forked where n is special
	special []uint64 // a bit a node
	forks   forks
}

const (
	leaf   byte = iota // no edge
	forked             // its edges are in forks
)

func newTrie() trie {
	t := trie{}
	t.node()
	return t
}

// node is a new one, a leaf.
func (t *trie) node() int32 {
	n := len(t.label)
	if n%64 == 0 {
		t.special = append(t.special, 0)
	}
	t.label = append(t.label, leaf)
	t.special[n/64] |= 1 << (n % 64)
	return int32(n)
}

func (t *trie) isSpecial(n int32) bool { return t.special[uint32(n)/64]>>(uint32(n)%64)&1 != 0 }

// child is the node that the edge c leads to, 0 where there is none.
func (t *trie) child(n int32, c byte) int32 {
	if !t.isSpecial(n) {
		if t.label[n] == c {
			return n + 1
		}
		return 0
	}
	if t.label[n] == leaf {
		return 0
	}
	return t.forks.slot(n, c).to
}

// add is a new child.
func (t *trie) add(n int32, c byte) int32 {
	m := t.node()
	if n == m-1 { // the newest until now, so a leaf
		t.special[n/64] &^= 1 << (n % 64)
		t.label[n] = c
		return m
	}
	if !t.isSpecial(n) {
		t.special[n/64] |= 1 << (n % 64)
		t.forks.set(edge{n, n + 1, t.label[n]})
	}
	t.label[n] = forked
	t.forks.set(edge{n, m, c})
	return m
}

// insert adds text below a node. It is the last node, and, where some were new,
// the first of these, which all follow it in a row, and that one's parent.
func (t *trie) insert(n int32, text []byte) (last, first, parent int32) {
	for i, c := range text {
		m := t.child(n, c)
		if m == 0 {
			first = t.add(n, c)
			return t.chain(first, text[i+1:]), first, n
		}
		n = m
	}
	return n, 0, 0
}

// chain adds text below the newest node, and is the last node.
func (t *trie) chain(n int32, text []byte) int32 {
	if len(text) == 0 {
		return n
	}
	t.special[n/64] &^= 1 << (n % 64)
	t.label = append(append(t.label[:n], text...), leaf)
	last := int32(len(t.label) - 1)
	for len(t.special) <= int(last/64) {
		t.special = append(t.special, 0)
	}
	t.special[last/64] |= 1 << (last % 64)
	return last
}
