//go:build !split

package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/attendant"
	"github.com/seed45446ece/launcher/launcher/inherit"
	"github.com/seed45446ece/launcher/launcher/socket"
	"github.com/seed45446ece/launcher/launcher/tmpfs"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// serve answers for the task's secrets on the delivery's socket, once all that
// can be resolved before they are asked for is there.
func (p *program) serve(s settings) error {
	message, ok, err := attendant.Listen()
	if err != nil {
		return err
	}
	var hidden *masked
	if s.mask {
		hidden = newMasked(nil)
	}
	begun, end := make(chan error), make(chan struct{})
	go func() {
		defer close(end)
		attendant.Life()
	}()
	if ok {
		p.input = message.Input
		go func() { begun <- p.begin(s, hidden) }()
		select {
		case err = <-begun:
		case <-end: // the handler will not start any more
		}
	}
	if s.mask && err == nil {
		attendant.Pass(hidden.stream, p.sayLost)
	}
	if err == nil {
		<-end
	}
	return err
}

// begin has the socket answered. What is wrong with the task is said, and the
// process that was to be the handler ends with the status of that.
func (p *program) begin(s settings, hidden *masked) error {
	server, err := p.server(s, hidden)
	if err != nil {
		return attendant.Answer(p.report.end(err))
	}
	directory, err := tmpfs.Find(inherit.Now().Directory)
	if err != nil {
		return err
	}
	fd, err := launcher.BindSocket(directory, s.user)
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
			os.Exit(statusRefused) // the handler is told by its next question
		}
	}()
	return attendant.Answer(0)
}

// server begins to resolve. It reads the task as the other process did, and so
// does not repeat that one's warnings.
func (p *program) server(s settings, hidden *masked) (socket.Server, error) {
	ctx, cancel := deadline(s.timeout)
	defer cancel()
	r, err := p.readTask(ctx, s)
	if err != nil {
		return socket.Server{}, err
	}
	asker := resolve.NewAsker(r.sources, resolve.Asking{
		Refresh: s.refresh, Match: handler.Match, Forget: r.forget, Warn: p.report.warn,
	})
	r.resolution, err = asker.Begin(ctx)
	if err := p.reportResolution(r.resolution, err, s); err != nil {
		return socket.Server{}, err
	}
	hidden.add(r.message().Values...)
	text, err := launcher.Context{Task: r.task}.JSONOfTask()
	return socket.Server{Context: text, Ask: func(ctx context.Context, key string) (resolve.Value, *socket.Refusal) {
		ctx, cancel := within(ctx, s.timeout)
		defer cancel()
		value, err := asker.Ask(ctx, key)
		if err != nil {
			return value, refusal(err, s.warnMissing)
		}
		hidden.add(value.Reveal())
		return value, nil
	}}, err
}

// refusal is 404 where nobody has the key, or may lack it; 503 where a later try
// may find it; and 500 for the rest.
func refusal(err error, warnMissing bool) *socket.Refusal {
	var text []string
	stop, warning := split(err, warnMissing)
	_, declared := errors.AsType[*resolve.KeyError](err)
	for _, e := range document.Flatten(errors.Join(stop, warning)) {
		text = append(text, oneLine(e.Error()))
		if advice := hint(e); advice != "" {
			text = append(text, "hint: "+oneLine(advice))
		}
	}
	r := &socket.Refusal{Status: http.StatusInternalServerError, Text: strings.Join(text, "\n")}
	switch {
	case stop == nil, errors.Is(err, resolve.ErrAbsent) && !declared:
		r.Status = http.StatusNotFound
	case status(err) == statusUnavailable:
		r.Status = http.StatusServiceUnavailable
	}
	return r
}
