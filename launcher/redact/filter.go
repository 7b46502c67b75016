package redact

import "encoding/binary"

// filter skips what cannot begin a form. Each form has a block of 4 or 8 bytes
// at each place of its first stride; so of as many blocks in the stream one is to
// be looked up. Where that is known, the starts around it are, by their 8 bytes.
// Both are bits at a hash: one that is set may say nothing, one that is not is
// certain.
type filter struct {
	blocks, starts *table
	mask           uint64 // of the bytes of a block
	stride         int    // the longest at which no form is missed
}

// maxStride bounds the blocks that are known, and the starts around one.
const (
	leastStride = MinLength - 3
	maxStride   = 24
	tableBlocks = 1 << 16 // more make each look-up say less
)

// newFilter is for forms that begin so and have at least that length.
func newFilter(forms []branch, shortest int) *filter {
	f := &filter{blocks: new(table), starts: new(table), mask: 1<<64 - 1}
	if shortest < 16 {
		f.mask, f.stride = 1<<32-1, shortest-3
	} else {
		f.stride = min(shortest-7, max(9, tableBlocks/(len(forms)+1)), maxStride)
	}
	for _, form := range forms {
		form := form.head
		f.starts.add(binary.LittleEndian.Uint64(form))
		for i := range f.stride {
			var block [8]byte
			copy(block[:], form[i:])
			f.blocks.add(binary.LittleEndian.Uint64(block[:]) & f.mask)
		}
	}
	return f
}

// skip is the first place from i on where a form may begin.
func (f *filter) skip(text []byte, i int) int {
	for {
		if f.stride == leastStride {
			i = f.skipByFive(text, i)
		} else {
			i = f.skipByFour(text, i)
		}
		for range 4 {
			if len(text)-i < f.stride+7 {
				return f.start(text, i, max(i, len(text)-7))
			}
			next := i + f.stride
			if f.block(text[next-1:])&1 != 0 {
				if i = f.start(text, i, next); i < next {
					return i
				}
			}
			i = next
		}
	}
}

// skipByFour looks up four blocks at a time, and stops before a known one.
func (f *filter) skipByFour(text []byte, i int) int {
	for stride := f.stride; len(text)-i >= 4*stride+7; i += 4 * stride {
		next := text[i+stride-1:]
		if (f.block(next)|f.block(next[stride:])|f.block(next[2*stride:])|f.block(next[3*stride:]))&1 != 0 {
			break
		}
	}
	return i
}

// skipByFive does so where a form has but 8 bytes, at places that the compiler
// knows, in half the time.
func (f *filter) skipByFive(text []byte, i int) int {
	for ; len(text)-i >= 4*leastStride+7; i += 4 * leastStride {
		next := (*[3*leastStride + 4]byte)(text[i+leastStride-1:])
		a := uint64(binary.LittleEndian.Uint32(next[:]))
		b := uint64(binary.LittleEndian.Uint32(next[leastStride:]))
		c := uint64(binary.LittleEndian.Uint32(next[2*leastStride:]))
		d := uint64(binary.LittleEndian.Uint32(next[3*leastStride:]))
		if (f.blocks.has(a)|f.blocks.has(b)|f.blocks.has(c)|f.blocks.has(d))&1 != 0 {
			break
		}
	}
	return i
}

func (f *filter) block(text []byte) uint64 {
	return f.blocks.has(binary.LittleEndian.Uint64(text) & f.mask)
}

// start is the first place before end where a form may begin, or end.
func (f *filter) start(text []byte, i, end int) int {
	for i < end && f.starts.has(binary.LittleEndian.Uint64(text[i:]))&1 == 0 {
		i++
	}
	return i
}

// table is bits by hash, 64 KiB of them. Its size is no variable, so that a
// look-up is a few instructions; with 100,000 blocks in it, one in six of all
// others seems to be.
type table [1 << (tableBits - 6)]uint64

const tableBits = 19

func (t *table) add(v uint64) {
	h := hash(v)
	t[h>>(64-tableBits+6)] |= 1 << (h >> (64 - tableBits) & 63)
}

// has is 0 in its last bit where a value was not added.
func (t *table) has(v uint64) uint64 {
	h := hash(v)
	return t[h>>(64-tableBits+6)] >> (h >> (64 - tableBits) & 63)
}

func hash(v uint64) uint64 { return v * 0x9e3779b97f4a7c15 }
