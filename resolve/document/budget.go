package document

import (
	"bytes"
	"fmt"
)

// Limits on a document: far above what people and tools write, and low enough
// that every document of 1 MiB takes less than a second and 100 MB. A manifest of
// that size has some 40,000 values.
const (
	maxDepth   = 200
	maxNodes   = 50_000
	maxAliased = 4 << 20 // bytes of text that aliases (*) repeat
	maxYAML    = 4 << 20 // bytes; the library takes seconds for the worst texts of this size
)

// limits is the message for a document above the limits.
var limits = fmt.Sprintf("holds more than %d values, %d levels, or %d MiB that aliases repeat", maxNodes, maxDepth, maxAliased>>20)

// budget counts what a tree holds while it is built.
type budget struct{ nodes, aliased int }

// spend counts one node at a depth, and reports whether the tree may have it.
func (b *budget) spend(depth int) bool {
	b.nodes++
	return b.nodes <= maxNodes && b.aliased <= maxAliased && depth <= maxDepth
}

// countYAMLValues returns how many values a YAML text may start: each follows one of
// these. The library's own tree takes a kilobyte for the least of them.
func countYAMLValues(text []byte) int {
	blank, marks := []byte(" \t\r\n"), 0
	for i, c := range text {
		switch c {
		case ',', ':', '[', '{':
			marks++
		case '-', '?':
			if i+1 == len(text) || bytes.IndexByte(blank, text[i+1]) >= 0 {
				marks++
			}
		case '\'', '"', '&', '*', '!':
			if i == 0 || bytes.IndexByte(blank, text[i-1]) >= 0 {
				marks++ // no value, but the library reads many of them before it finds that
			}
		}
	}
	return marks
}
