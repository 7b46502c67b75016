package file

import (
	"context"
	"os"
	"path/filepath"
)

// generationLink is the link by which the kubelet swaps all files of a volume at
// once, https://kubernetes.io/docs/concepts/configuration/secret/.
const generationLink = "..data"

// maxReads limits how often a volume that changes while it is read is read.
const maxReads = 3

// ReadGeneration calls read with the directory that holds one generation of a
// mounted volume's files: the volume itself if it has no generations, as with a
// subPath. It calls read again if the files were swapped meanwhile, unless ctx has
// ended. It returns false if they kept being swapped.
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

// currentGeneration returns the name of the generation, and the directory that
// holds its files.
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
