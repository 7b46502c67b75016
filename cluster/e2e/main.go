// Command e2e tests launcherctl and the launcher on the cluster that the kubeconfig
// names, as docs/e2e.md describes.
//
// It owns a namespace, which it creates and deletes, the checks, and the table of what
// was tested. It refuses to touch anything outside of that namespace. Data flows
// settings -> suite -> checks -> launcherctl and the API -> report.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() { os.Exit(start()) }

// Exit statuses.
const (
	statusFailed      = 1
	statusUsage       = 2
	statusInterrupted = 130
)

// project is the project whose Secret the tasks read.
const project = "e2e"

// suite is one run of all checks.
type suite struct {
	settings
	*report
	kube     *kube
	canaries *canaries
	recorder *recorder
	folder   string // of files
	all      []*area
	before   map[string]bool // the objects of the namespace before the checks
	made     bool            // the namespace may exist
	notes    []string        // what this cluster cannot show
	mu       sync.Mutex
}

func start() int {
	settings, err := readSettings(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return statusUsage
	}
	random := make([]byte, 4)
	_, _ = rand.Read(random) // never fails
	k, err := connect("launcher-e2e-" + hex.EncodeToString(random))
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e: the kubeconfig:", err)
		return statusUsage
	}
	folder, err := os.MkdirTemp("", "launcher-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return statusUsage
	}
	defer func() { _ = os.RemoveAll(folder) }()
	s := &suite{settings: settings, report: &report{out: os.Stdout, began: time.Now()}, kube: k, canaries: &canaries{}, folder: folder}
	s.recorder = newRecorder(k, s.canaries)
	ctx := s.interruptible()
	return s.run(ctx)
}

// sameSignal is the time in which a second signal counts as the first one: make forwards
// the signal that the whole process group gets.
const sameSignal = 2 * time.Second

// errInterrupted ends a run by a signal.
var errInterrupted = errors.New("interrupted")

// interruptible returns a context that ends with the first signal. The second ends the
// program at once.
func (s *suite) interruptible() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-signals
		first := time.Now()
		s.say("interrupted: deleting namespace %s; a second signal leaves it", s.kube.namespace)
		cancel(errInterrupted)
		for <-signals; time.Since(first) < sameSignal; <-signals {
		}
		s.say("namespace %s is left: kubectl delete namespace %s", s.kube.namespace, s.kube.namespace)
		os.Exit(statusInterrupted)
	}()
	return ctx
}

// run does everything, and returns the exit status.
func (s *suite) run(ctx context.Context) int {
	err := s.prepare(ctx)
	if err == nil {
		s.checkAll(ctx)
	}
	cleanErr := s.clean()
	switch {
	case ctx.Err() != nil:
		return statusInterrupted
	case err != nil:
		s.say("cannot test: %s", s.canaries.redact(err.Error()))
		return statusFailed
	}
	passed := s.table()
	if cleanErr != nil {
		s.say("FAILED  %v", cleanErr)
	}
	if !passed || cleanErr != nil {
		return statusFailed
	}
	s.say("passed")
	return 0
}

// checkAll runs the checks: first those that set the secrets, which the others need,
// then all others in parallel, and at the end those that look at what the others did.
func (s *suite) checkAll(ctx context.Context) {
	first, middle, last := s.secretsArea(), s.middleAreas(), s.lastAreas()
	s.all = append(append([]*area{first}, middle...), last...)
	s.sequence(ctx, first)
	slots := make(chan struct{}, s.parallel)
	var all sync.WaitGroup
	for _, a := range middle {
		for _, c := range s.chosen(a) {
			slots <- struct{}{}
			all.Go(func() {
				defer func() { <-slots }()
				s.do(ctx, a, c)
			})
		}
	}
	all.Wait()
	for _, a := range last {
		s.sequence(ctx, a)
	}
}

func (s *suite) sequence(ctx context.Context, a *area) {
	for _, c := range a.checks {
		s.do(ctx, a, c)
	}
}

// chosen returns the checks of an area that LAUNCHER_E2E_ONLY names.
func (s *suite) chosen(a *area) []check {
	var chosen []check
	for _, c := range a.checks {
		if s.only.MatchString(a.name + ": " + c.name) {
			chosen = append(chosen, c)
		}
	}
	if left := len(a.checks) - len(chosen); left > 0 {
		a.notTested = append(a.notTested, fmt.Sprintf("LAUNCHER_E2E_ONLY leaves out %d checks", left))
	}
	return chosen
}
