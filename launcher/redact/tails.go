package redact

import "sort"

// tails is what follows the heads of the forms that are longer: the states of
// the automaton beyond the heads. As good as none of them fails to another, so
// that this is written down by runs, and a long form costs little more than its
// bytes. Node 0 is none.
type tails struct {
	trie
	heads  *heads
	roots  map[int32]int32 // by the head's node
	chains []chain         // by their first node
}

// chain is nodes in a row.
type chain struct {
	first int32
	runs  []run
}

// run is nodes from one on that fail to 0 all of them, or each to the node after
// that of the one before.
type run struct{ node, fail int32 }

func (r run) at(n int32) int32 {
	if r.fail == 0 {
		return 0
	}
	return r.fail + n - r.node
}

func newTails(heads *heads) *tails {
	return &tails{trie: newTrie(), heads: heads, roots: map[int32]int32{}}
}

func (t *tails) insert(head int32, tail []byte) {
	root, ok := t.roots[head]
	if !ok {
		root = t.node()
		t.roots[head] = root
		t.chains = append(t.chains, chain{first: root})
	}
	if _, first, _ := t.trie.insert(root, tail); first != 0 && t.isSpecial(first-1) {
		t.chains = append(t.chains, chain{first: first})
	}
}

// next is the state after one more byte, 0 where no tail goes on so.
func (t *tails) next(n int32, c byte) int32 {
	for n != 0 {
		if m := t.child(n, c); m != 0 {
			return m
		}
		n = t.fail(n)
	}
	return 0
}

func (t *tails) fail(n int32) int32 {
	runs := t.chains[t.chain(n)].runs
	i := sort.Search(len(runs), func(i int) bool { return runs[i].node > n })
	if i == 0 {
		return 0
	}
	return runs[i-1].at(n)
}

func (t *tails) chain(n int32) int {
	return sort.Search(len(t.chains), func(i int) bool { return t.chains[i].first > n }) - 1
}

// walker is at a node, and in the states that its form leads to from its second
// byte on: where the node fails to.
type walker struct {
	node, head, tail int32
	chain            int
}

// link finds where each node fails to, all tails by one more byte at a time.
func (t *tails) link() {
	var walkers, next []walker
	for head, root := range t.roots {
		walkers = append(walkers, walker{root, t.heads.fail[head], 0, t.chain(root)})
	}
	for len(walkers) > 0 {
		next = next[:0]
		for _, w := range walkers {
			if !t.isSpecial(w.node) {
				next = append(next, t.walk(w, w.node+1, t.label[w.node]))
				continue
			}
			for c := range 256 {
				if m := t.child(w.node, byte(c)); m != 0 {
					w.chain = t.chain(m)
					next = append(next, t.walk(w, m, byte(c)))
				}
			}
		}
		walkers, next = next, walkers
	}
}

func (t *tails) walk(w walker, n int32, c byte) walker {
	w.node = n
	w.head, w.tail = t.step(w.head, w.tail, c)
	runs := &t.chains[w.chain].runs
	last := run{t.chains[w.chain].first, 0}
	if len(*runs) > 0 {
		last = (*runs)[len(*runs)-1]
	}
	if last.at(n) != w.tail {
		*runs = append(*runs, run{n, w.tail})
	}
	return w
}

// step is both states after one more byte.
func (t *tails) step(head, tail int32, c byte) (int32, int32) {
	head, tail = t.heads.next(head, c), t.next(tail, c)
	if tail == 0 && int(t.heads.depth[head]) == t.heads.length {
		tail = t.roots[head]
	}
	return head, tail
}
