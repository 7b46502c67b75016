package mask

import (
	"encoding/binary"
	"math/bits"
)

// filter skips what cannot begin a form. A form has a block of 4 bytes at each
// of the first 5 places; so of any 5 blocks in a row in the stream one is to be
// looked up. Where it is known, the next 5 starts of 8 bytes are. Both are bits
// at a hash: one that is set may say nothing, one that is not is certain.
type filter struct {
	blocks, starts []uint64
	blocksShift    uint8
	startsShift    uint8
}

const (
	block  = 4
	stride = MinLength - block + 1
)

func newFilter(forms [][]byte) *filter {
	f := &filter{}
	f.blocks, f.blocksShift = table(32 * stride * len(forms))
	f.starts, f.startsShift = table(64 * len(forms))
	for _, form := range forms {
		at := hash(binary.LittleEndian.Uint64(form), f.startsShift)
		f.starts[at/64] |= 1 << (at % 64)
		for i := range stride {
			at := hash(uint64(binary.LittleEndian.Uint32(form[i:])), f.blocksShift)
			f.blocks[at/64] |= 1 << (at % 64)
		}
	}
	return f
}

// table has at least that many bits; the shift is for their hash.
func table(size int) ([]uint64, uint8) {
	log := min(max(bits.Len(uint(size)), 12), 26)
	return make([]uint64, 1<<log/64), uint8(64 - log)
}

func hash(v uint64, shift uint8) uint64 { return v * 0x9e3779b97f4a7c15 >> (shift & 63) }

// skip is the first place from i on where a form may begin.
func (f *filter) skip(text []byte, i int) int {
	blocks := f.blocks
	p := i + stride - 1
	for ; p+MinLength <= len(text); p += stride {
		at := hash(uint64(binary.LittleEndian.Uint32(text[p:])), f.blocksShift)
		if blocks[at/64]>>(at%64)&1 == 0 {
			continue
		}
		if s := f.start(text, p-stride+1); s <= p {
			return s
		}
	}
	return p - stride + 1
}

// start is the first of a stride of places where a form may begin, or the one
// after them.
func (f *filter) start(text []byte, i int) int {
	for end := i + stride; i < end; i++ {
		at := hash(binary.LittleEndian.Uint64(text[i:]), f.startsShift)
		if f.starts[at/64]>>(at%64)&1 != 0 {
			break
		}
	}
	return i
}
