//go:build linux

// Package socket answers a handler's requests for secrets by HTTP on a Unix
// socket.
//
// It owns the protocol: GET /v1/context, and GET /v1/secrets/KEY with the raw
// bytes. It refuses every process of another user. Data flows request -> Ask
// -> answer. It knows no secret source and opens no network connection.
package socket

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/resolve"
)

// Refusal is an answer without a value: an HTTP status and a message.
type Refusal struct {
	Status int
	Text   string
}

// Server answers requests.
type Server struct {
	Context []byte                                                          // JSON, without secrets
	Ask     func(ctx context.Context, key string) (resolve.Value, *Refusal) // by several goroutines
}

// listener accepts connections of only one user.
type listener struct {
	*net.UnixListener
	uid int
}

// Listen accepts connections of one user on a listening descriptor, which it
// takes over. It knows the user by SO_PEERCRED of unix(7). The owner of the
// descriptor deletes the socket's file.
func Listen(fd, uid int) (net.Listener, error) {
	file := os.NewFile(uintptr(fd), "socket")
	defer func() { _ = file.Close() }()
	l, err := net.FileListener(file)
	if err != nil {
		return nil, err
	}
	unixListener, ok := l.(*net.UnixListener)
	if !ok {
		return nil, errors.Join(errors.New("not a Unix socket"), l.Close())
	}
	unixListener.SetUnlinkOnClose(false)
	return listener{unixListener, uid}, nil
}

// Accept waits for the user's next connection and closes those of others.
func (l listener) Accept() (net.Conn, error) {
	for {
		c, err := l.AcceptUnix()
		if err != nil || l.welcome(c) {
			return c, err
		}
		_ = c.Close()
	}
}

func (l listener) welcome(c *net.UnixConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	var peer *unix.Ucred
	if raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }) != nil || err != nil {
		return false
	}
	return int64(peer.Uid) == int64(l.uid)
}

// patience is how long a client may take to send its request, and between two.
const patience = 30 * time.Second

// Serve answers requests until the listener is closed.
func (s Server) Serve(l net.Listener) error {
	server := &http.Server{
		Handler: s, ReadTimeout: patience, IdleTimeout: patience, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	if err := server.Serve(l); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// ServeHTTP answers one request. It tells proxies and caches to keep nothing.
func (s Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	path := r.URL.EscapedPath()
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, Refusal{http.StatusMethodNotAllowed, "this socket answers only GET"})
		return
	}
	if path == "/v1/context" {
		answer(w, "application/json", s.Context)
		return
	}
	escaped, ok := strings.CutPrefix(path, "/v1/secrets/")
	key, err := url.PathUnescape(escaped)
	if !ok || err != nil || strings.Contains(escaped, "/") {
		refuse(w, Refusal{http.StatusNotFound, "ask for /v1/context or /v1/secrets/KEY"})
		return
	}
	value, refusal := s.Ask(r.Context(), key)
	if refusal != nil {
		refuse(w, *refusal)
		return
	}
	answer(w, "application/octet-stream", value.Reveal())
}

func answer(w http.ResponseWriter, kind string, text []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text) // a client that has gone away needs none
}

func refuse(w http.ResponseWriter, r Refusal) {
	text := strings.TrimSpace(r.Text) + "\n"
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(r.Status)
	_, _ = io.WriteString(w, text)
}
