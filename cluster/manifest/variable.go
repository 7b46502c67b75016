package manifest

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// maxVariable is the longest NAME=value of execve(2) on Linux.
const maxVariable = 131071

// CheckVariable returns why a value cannot be a variable of a pod, nil if it can.
// The kubelet does not check it: the container's start fails, and the runtime's
// error, which quotes the start of the value, is in the pod's status.
func CheckVariable(name string, value []byte) error {
	if bytes.IndexByte(value, 0) >= 0 {
		return errors.New("it holds a NUL byte, which a variable cannot")
	}
	if size := len(name) + 1 + len(value); size > maxVariable {
		return fmt.Errorf("%s=VALUE would be %d bytes, and Linux allows %d", keyname.Plain(name), size, maxVariable)
	}
	return nil
}
