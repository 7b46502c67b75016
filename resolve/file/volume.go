package file

import (
	"context"
	"os"
	"path/filepath"
)

// generationLink is the link by which the kubelet swaps all files of a volume at
// once, https://kubernetes.io/docs/concepts/configuration/secret/.
const generationLink = "..data"

// maxReads bounds how often a volume that changes under the reading is read
// again.
const maxReads = 3

// ReadGeneration has the files of a mounted volume read from one generation of
// it: read is called with the directory that holds them, which is the volume's
// own where it has no generations, as with a subPath, and again where they were
// swapped meanwhile. It is false where they kept being swapped. It does not read
// again once ctx has ended.
func ReadGeneration(ctx context.Context, volume string, read func(dir string)) bool {
	for range maxReads {
		before, dir := currentGeneration(volume)
		read(dir)
		if after, _ := currentGeneration(volume); after == before || ctx.Err() != nil {
			return true
		}
	}
	return false
}

// currentGeneration is the name of the generation, and the directory that holds its files.
func currentGeneration(volume string) (string, string) {
	link, err := os.Readlink(filepath.Join(volume, generationLink))
	switch {
	case err != nil:
		return "", volume
	case filepath.IsAbs(link):
		return link, link
	}
	return link, filepath.Join(volume, link)
}
