package file

import "errors"

// duplicate returns an error: programs on Windows inherit no descriptors.
func duplicate(int) (int, error) { return -1, errors.ErrUnsupported }
