package redact

import "encoding/binary"

// filter finds the places where a form may begin, without looking at every byte.
// It knows the blocks of 4 or 8 bytes at the first stride places of each form, so
// one block in stride places of the stream tells whether a form begins before it.
type filter struct {
	blocks, starts *bitset
	mask           uint64 // keeps the bytes of a block
	stride         int    // the longest that misses no form
}

const (
	maxStride = 24
	maxBlocks = 1 << 16 // more would make most of the bits 1
)

func newFilter(forms []*form) *filter {
	shortest := MinLength
	for i, form := range forms {
		if i == 0 || len(form.head) < shortest {
			shortest = len(form.head)
		}
	}
	f := &filter{blocks: new(bitset), starts: new(bitset), mask: 1<<64 - 1}
	if shortest < 16 {
		f.mask, f.stride = 1<<32-1, shortest-3
	} else {
		f.stride = min(shortest-7, max(9, maxBlocks/(len(forms)+1)), maxStride)
	}
	for _, form := range forms {
		f.starts.add(binary.LittleEndian.Uint64(form.text))
		for i := range f.stride {
			var block [8]byte
			copy(block[:], form.text[i:])
			f.blocks.add(binary.LittleEndian.Uint64(block[:]) & f.mask)
		}
	}
	return f
}

// next returns the first place from i on where a form may begin. It does not
// judge the last 7 bytes, which are too few for a form, and returns their place.
func (f *filter) next(text []byte, i int) int {
	for i = f.skip(text, i); len(text)-i >= f.stride+7; i = f.skip(text, i) {
		end := i + f.stride
		if i = f.start(text, i, end); i < end {
			return i
		}
	}
	return f.start(text, i, max(i, len(text)-7))
}

// skip returns a place from i on, before which no form begins. It looks up four
// blocks at a time, which takes half the time of one by one.
func (f *filter) skip(text []byte, i int) int {
	stride, mask := f.stride, f.mask
	for ; len(text)-i >= 4*stride+7; i += 4 * stride {
		a := f.blocks.bit(binary.LittleEndian.Uint64(text[i+stride-1:]) & mask)
		b := f.blocks.bit(binary.LittleEndian.Uint64(text[i+2*stride-1:]) & mask)
		c := f.blocks.bit(binary.LittleEndian.Uint64(text[i+3*stride-1:]) & mask)
		d := f.blocks.bit(binary.LittleEndian.Uint64(text[i+4*stride-1:]) & mask)
		switch {
		case a != 0:
			return i
		case b != 0:
			return i + stride
		case c != 0:
			return i + 2*stride
		case d != 0:
			return i + 3*stride
		}
	}
	return i
}

// start returns the first place before end whose 8 bytes begin a form, or end.
func (f *filter) start(text []byte, i, end int) int {
	for i < end && f.starts.bit(binary.LittleEndian.Uint64(text[i:])) == 0 {
		i++
	}
	return i
}

// bitset holds numbers as bits at their hashes, so it may report a number that
// was not added. Its size is constant, so that bit compiles to a few instructions.
type bitset [1 << (bitsetBits - 6)]uint64

const bitsetBits = 19 // 64 KiB

func (b *bitset) add(n uint64) {
	h := hash(n)
	b[h>>6] |= 1 << (h & 63)
}

// bit returns 0 for a number that was not added, unless its hash is another's.
func (b *bitset) bit(n uint64) uint64 {
	h := hash(n)
	return b[h>>6] >> (h & 63) & 1
}

// hash returns the upper bits of the product with 2^64 over the golden ratio.
func hash(n uint64) uint64 { return n * 0x9e3779b97f4a7c15 >> (64 - bitsetBits) }
