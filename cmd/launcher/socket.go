//go:build linux && (amd64 || arm64) && !portable

package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/socket"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// serveSocket answers requests for the task's secrets on the delivery's socket. It
// resolves at once what takes no request to a vault.
func (p *program) serveSocket(ctx context.Context, s settings, r *loadedTask, redactor *redactor) error {
	lookup := resolve.NewLookup(r.sources, resolve.LookupOptions{
		Refresh: s.refresh, Match: handler.Matches, Forget: r.forget, Warn: p.report.Warn,
	})
	var err error
	r.resolution, err = lookup.Begin(ctx)
	if err := p.reportResolution(r.resolution, err, s); err != nil {
		return err
	}
	text, err := launcher.Context{Task: r.task}.JSONOfTask()
	if err != nil {
		return err
	}
	server := socket.Server{Context: text, Ask: func(ctx context.Context, key string) (resolve.Value, *socket.Refusal) {
		ctx, cancel := cli.WithTimeout(ctx, s.timeout)
		defer cancel()
		value, err := lookup.Find(ctx, key)
		if err != nil {
			return value, refusal(err, s.warnMissing)
		}
		redactor.add(value.Reveal())
		return value, nil
	}}
	fd, err := launcher.BindSocket(r.directory, s.user)
	if err != nil {
		return err
	}
	uid := os.Getuid()
	if s.user != nil {
		uid = s.user.UID
	}
	listener, err := socket.Listen(fd, uid)
	if err != nil {
		return err
	}
	go func() {
		if server.Serve(listener) != nil {
			os.Exit(cli.StatusRefused) // the handler notices at its next request
		}
	}()
	return nil
}

// refusal returns 404 if no source has the key or if it may be missing, 503 if a
// later try may find it, and 500 for the rest.
func refusal(err error, warnMissing bool) *socket.Refusal {
	var text []string
	stop, warning := separateMissing(err, warnMissing)
	_, declared := errors.AsType[*resolve.KeyError](err)
	for _, e := range document.Unjoin(errors.Join(stop, warning)) {
		text = append(text, cli.OneLine(e.Error()))
		if advice := cli.Hint(e); advice != "" {
			text = append(text, "hint: "+cli.OneLine(advice))
		}
	}
	r := &socket.Refusal{Status: http.StatusInternalServerError, Text: strings.Join(text, "\n")}
	switch {
	case stop == nil, errors.Is(err, resolve.ErrAbsent) && !declared:
		r.Status = http.StatusNotFound
	case cli.Status(err) == cli.StatusUnavailable:
		r.Status = http.StatusServiceUnavailable
	}
	return r
}
