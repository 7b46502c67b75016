package main

import "golang.org/x/sys/unix"

// The requests of ioctl_tty(2).
const (
	getTermios      = unix.TCGETS
	setTermiosFlush = unix.TCSETSF
	inputSize       = unix.TIOCINQ
)
