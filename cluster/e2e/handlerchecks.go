package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// handlerArea has the checks that need the image of the folder handler.
func (s *suite) handlerArea() *area {
	a := &area{name: "processes and logs"}
	if s.handlerImage == "" {
		a.untested = "values byte for byte, a handler that gets or ignores TERM, signals, out of memory, orphans, long logs: LAUNCHER_E2E_HANDLER_IMAGE is not set"
		return a
	}
	a.checks = []check{
		{"bytes", "a binary value, byte for byte", bytesMatch},
		{"term", "TERM reaches the handler, whose status is the run's", stopped(syscall.SIGTERM, 7, "got TERM", "wait")},
		{"interrupt", "INT to run: the handler gets TERM", stopped(syscall.SIGINT, 7, "got TERM", "wait")},
		{"stubborn", "a handler that ignores TERM gets KILL after --grace", stopped(syscall.SIGTERM, 137, "waiting", "stubborn")},
		{"killed", "137 for a handler that KILL ended", handlerStatus(137, "kill", "9")},
		{"own-124", "a handler's own 124 ends the run", handlerStatus(124, "status", "124")},
		{"memory", "out of memory is said", outOfMemory},
		{"orphans", "orphans end with the handler", orphans},
		{"long-log", "100,000 lines of log, each once", longLog},
	}
	return a
}

// handle is a run of the handler's image.
func (p *probe) handle(ctx context.Context, r run) (result, error) {
	r.image = p.handlerImage
	r.handler = append([]string{"/handler"}, r.handler...)
	if r.sources == nil {
		r.sources = variableSource
	}
	return p.run(ctx, r)
}

func bytesMatch(ctx context.Context, p *probe) error {
	got, err := p.handle(ctx, run{sources: []object{mounted("BINARY")}, handler: []string{"digest", "BINARY"}})
	if err == nil {
		err = got.expect(0)
	}
	if want := fmt.Sprintf("BINARY %d %x\n", len(binary), sha256.Sum256(binary)); err == nil && got.stdout != want {
		err = fmt.Errorf("expected %q\n%s", want, got.shown())
	}
	return err
}

// stopped returns a check that sends a signal to launcherctl run once the handler runs.
func stopped(s os.Signal, want int, printed string, handler ...string) func(context.Context, *probe) error {
	return func(ctx context.Context, p *probe) error {
		running, stop := when(ctx, "the handler", func(context.Context) (bool, error) {
			return slices.ContainsFunc(p.recorder.podsOf(p.id), func(pod *corev1.Pod) bool { return strings.Contains(p.tail(pod), "waiting") }), nil
		})
		defer stop()
		began := time.Now()
		got, err := p.handle(ctx, run{flags: []string{"--grace", "5s"}, handler: handler, call: call{signal: running, send: s}})
		if err == nil {
			err = got.expect(want)
		}
		if err == nil && !strings.Contains(got.stdout, printed) {
			err = fmt.Errorf("the log lacks %q\n%s", printed, got.shown())
		}
		if took := time.Since(began); err == nil && took > endTime/2 {
			err = fmt.Errorf("it took %s", took)
		}
		return err
	}
}

func handlerStatus(want int, handler ...string) func(context.Context, *probe) error {
	return func(ctx context.Context, p *probe) error {
		got, err := p.handle(ctx, run{handler: handler})
		if err != nil {
			return err
		}
		return got.expect(want)
	}
}

func outOfMemory(ctx context.Context, p *probe) error {
	got, err := p.handle(ctx, run{flags: []string{"--limits", "memory=128Mi", "--requests", "memory=64Mi"}, handler: []string{"eat"}})
	if err != nil {
		return err
	}
	if got.status == 0 {
		return untested("the node does not enforce a limit of memory")
	}
	return got.expect(137, "out of memory")
}

func orphans(ctx context.Context, p *probe) error {
	got, err := p.within(ctx, endTime/2, run{sources: variableSource, image: p.handlerImage, handler: []string{"/handler", "orphans"}})
	if err == nil {
		err = got.expect(0)
	}
	if err == nil && !strings.Contains(got.stdout, "left 3") {
		err = fmt.Errorf("the handler left no orphans\n%s", got.shown())
	}
	return err
}

func longLog(ctx context.Context, p *probe) error {
	const count = 100_000 // about 10 MB, where a kubelet rotates
	got, err := p.handle(ctx, run{handler: []string{"lines", fmt.Sprint(count)}})
	if err == nil {
		err = got.expect(0)
	}
	if err != nil {
		return err
	}
	next := 0
	for line := range strings.Lines(got.stdout) {
		if !strings.HasPrefix(line, fmt.Sprintf("%08d ", next)) {
			break
		}
		next++
	}
	switch {
	case next == count:
		return nil
	case strings.Contains(got.stderr, "rotated"):
		return untested("the kubelet rotated the log, and run warns of it")
	}
	return fmt.Errorf("line %d is missing or twice, and no warning says so\n%s", next, got.shown())
}
