//go:build !linux || !(amd64 || arm64) || portable

// Package sigstate lets signals end this process while it resolves, as they end
// any program. The full one, for Linux on amd64 and arm64, also restores the
// signals that the process was started with. Here the Go runtime keeps the mask,
// and of the ignored signals HUP and INT.
package sigstate

import (
	"os"
	"os/signal"
	"syscall"
)

// State is what a process was started with. It is zero here: the Go runtime keeps
// what it can.
type State struct{ Mask, Ignored uint64 }

// Inherited returns the state that this process was started with.
func Inherited() State { return State{} }

// AcceptTermination ends this process by QUIT and ABRT with 128+n: the Go runtime
// would print its stack. The runtime itself ends it by HUP, INT and TERM.
func (State) AcceptTermination() error {
	watch(func(s syscall.Signal) { os.Exit(128 + int(s)) }, syscall.SIGQUIT, syscall.SIGABRT)
	return nil
}

// Restore does nothing: execve(2) itself sets what the Go runtime handles to the
// default.
func (State) Restore() error { return nil }

// EndBy ends this process with the status of a signal that was taken by a watch.
func EndBy(signal syscall.Signal) { os.Exit(128 + int(signal)) }

// Watch reports signals that PID 1 gets while it resolves.
type Watch struct{ signals chan os.Signal }

// WatchTermination calls report with the first HUP, INT, QUIT, ABRT or TERM.
// Ignored signals stay ignored.
func (State) WatchTermination(report func(syscall.Signal)) *Watch {
	return watch(report, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGTERM)
}

// Stop ends the watch.
func (w *Watch) Stop() { signal.Stop(w.signals) }

func watch(report func(syscall.Signal), which ...os.Signal) *Watch {
	w := &Watch{make(chan os.Signal, 1)}
	for _, s := range which {
		if !signal.Ignored(s) {
			signal.Notify(w.signals, s)
		}
	}
	go func() {
		for s := range w.signals {
			report(s.(syscall.Signal))
		}
	}()
	return w
}
