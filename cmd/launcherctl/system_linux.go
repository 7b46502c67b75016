package main

import "golang.org/x/sys/unix"

const (
	// openSearch opens a directory only to look into it, which takes no right to
	// read it.
	openSearch = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC

	// descriptorFolder has the file of each open descriptor.
	descriptorFolder = "/proc/self/fd/"

	getTerminal = unix.TCGETS
	setTerminal = unix.TCSETSF // once all is written, without what was typed ahead
	countTyped  = unix.TIOCINQ
)
