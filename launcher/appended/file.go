// Package appended is two programs in one file: a first that starts fast, and
// behind it a second that can do more, by which the first replaces itself.
//
// It owns the form of the file and what one program hands to the other: the
// process with its arguments, environment and descriptors, and the standard
// input that was already read. It refuses a file whose second program is not
// whole. Data flows Join -> file -> Exec -> Input. It knows no secret source
// and reaches no network.
package appended

import (
	"bytes"
	"encoding/binary"
	"io"
)

// The end of the file: the magic, then offset and length of the second program
// in bytes, little endian. What follows an ELF file's segments is nobody's,
// elf(5): the kernel does not look at it.
const (
	magic       = "launcher second\n"
	trailerSize = len(magic) + 8 + 8
)

// alignment lets the kernel copy the second program by whole pages.
const alignment = 4096

// Join is the file of both programs.
func Join(first, second []byte) []byte {
	file := bytes.Clone(first)
	file = append(file, make([]byte, -len(file)&(alignment-1))...)
	offset := len(file)
	file = append(append(file, second...), magic...)
	file = binary.LittleEndian.AppendUint64(file, uint64(offset))
	return binary.LittleEndian.AppendUint64(file, uint64(len(second)))
}

// locate is where the second program is in a file of that size; ok is false
// where there is none, or not all of it.
func locate(file io.ReaderAt, size int64) (offset, length int64, ok bool) {
	end := size - int64(trailerSize)
	trailer := make([]byte, trailerSize)
	if end < 0 {
		return 0, 0, false
	}
	if _, err := file.ReadAt(trailer, end); err != nil || !bytes.HasPrefix(trailer, []byte(magic)) {
		return 0, 0, false
	}
	numbers := trailer[len(magic):]
	offset = int64(binary.LittleEndian.Uint64(numbers))
	length = int64(binary.LittleEndian.Uint64(numbers[8:]))
	return offset, length, offset > 0 && length > 0 && length <= end && offset == end-length
}
