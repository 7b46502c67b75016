package cli

import (
	"strconv"
	"strings"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// ParseUser reads the UID[:GID] of --user. Without a GID it is the UID, as no list of
// users is read. Anything but numbers up to highest is an error.
func ParseUser(text string, highest int64) (uid, gid int64, err error) {
	first, second, both := strings.Cut(text, ":")
	if !both {
		second = first
	}
	uid, e1 := strconv.ParseInt(first, 10, 64)
	gid, e2 := strconv.ParseInt(second, 10, 64)
	if e1 != nil || e2 != nil || min(uid, gid) < 0 || max(uid, gid) > highest {
		return 0, 0, Usage("--user "+keyname.Quote(text)+" is not UID[:GID]", "give numbers, such as --user 1000:1000; id -u NAME prints a user's")
	}
	return uid, gid, nil
}
