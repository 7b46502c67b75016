package launcher

import (
	"fmt"
	"strconv"
	"strings"
)

// User is whom the handler runs as.
type User struct{ UID, GID int }

// maxID is the highest user or group ID; the one above it means none,
// credentials(7).
const maxID = 1<<32 - 2

// ParseUser reads UID[:GID]; nothing is nobody else, nil. Without a GID it is
// the UID, as no list of users is read. Anything but numbers is a RefusedError.
func ParseUser(text string) (*User, error) {
	if text == "" {
		return nil, nil
	}
	uid, gid, both := strings.Cut(text, ":")
	if !both {
		gid = uid
	}
	var u User
	for id, text := range map[*int]string{&u.UID: uid, &u.GID: gid} {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || n > maxID {
			return nil, &RefusedError{"", fmt.Sprintf("--user %q is not UID[:GID]", text), "give numbers, such as --user 1000:1000; id -u NAME prints a user's"}
		}
		*id = int(n)
	}
	return &u, nil
}

func (u *User) String() string { return fmt.Sprintf("%d:%d", u.UID, u.GID) }
