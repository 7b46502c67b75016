package file

import (
	"context"
	"os"
	"path/filepath"
)

// generation is the link by which the kubelet swaps all files of a volume at
// once, https://kubernetes.io/docs/concepts/configuration/secret/.
const generation = "..data"

// readings bounds how often a volume that changes under the reading is read
// again.
const readings = 3

// OfOneGeneration has the files of a mounted volume read from one generation of
// it: read is called with the directory that holds them, which is the volume's
// own where it has no generations, as with a subPath, and again where they were
// swapped meanwhile. It is false where they kept being swapped. It does not read
// again once ctx has ended.
func OfOneGeneration(ctx context.Context, volume string, read func(dir string)) bool {
	for range readings {
		before, dir := current(volume)
		read(dir)
		if after, _ := current(volume); after == before || ctx.Err() != nil {
			return true
		}
	}
	return false
}

// current is the name of the generation, and the directory that holds its files.
func current(volume string) (string, string) {
	link, err := os.Readlink(filepath.Join(volume, generation))
	switch {
	case err != nil:
		return "", volume
	case filepath.IsAbs(link):
		return link, link
	}
	return link, filepath.Join(volume, link)
}
