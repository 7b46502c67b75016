package main

import "golang.org/x/sys/unix"

const (
	// openSearch opens a directory only to look into it, which takes no right to
	// read it.
	openSearch = unix.O_SEARCH | unix.O_CLOEXEC

	// descriptorFolder has the file of each open descriptor.
	descriptorFolder = "/dev/fd/"

	getTerminal = unix.TIOCGETA
	setTerminal = unix.TIOCSETAF // once all is written, without what was typed ahead
	countTyped  = 0x4004667f     // FIONREAD of sys/filio.h
)
