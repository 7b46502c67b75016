package launcher

import "fmt"

// User is whom the handler runs as.
type User struct{ UID, GID int }

// MaxID is the highest user or group ID; the one above it means none,
// credentials(7).
const MaxID = 1<<32 - 2

func (u *User) String() string { return fmt.Sprintf("%d:%d", u.UID, u.GID) }
