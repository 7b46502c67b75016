package main

import "golang.org/x/sys/unix"

// The requests of tty(4).
const (
	getTermios      = unix.TIOCGETA
	setTermiosFlush = unix.TIOCSETAF
	inputSize       = unix.TIOCINQ
)
