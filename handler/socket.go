package handler

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ErrEnded reports that the launcher's process that answers has ended, so it
// is not known whether there is such a secret.
var ErrEnded = errors.New("the launcher process that serves secrets has ended")

// socket is the path of the launcher's Unix socket, which speaks HTTP. An
// http.Client would add TLS and its start-up time to every handler.
type socket string

func (s socket) context() (*Context, error) {
	status, text, err := s.get("/v1/context")
	if err == nil && status != 200 {
		err = refusal(text)
	}
	if err != nil {
		return nil, fmt.Errorf("the context on socket %q: %w", string(s), err)
	}
	c, err := parse(text, delivery{kind: "unix"})
	if err == nil {
		c.secret = s.secret
	}
	return c, err
}

func (s socket) secret(key string) (string, error) {
	status, text, err := s.get("/v1/secrets/" + url.PathEscape(key))
	switch {
	case err != nil:
		return "", fmt.Errorf("secret %q: %w", key, err)
	case status == 200:
		return string(text), nil
	case status == 404:
		reason, _, _ := strings.Cut(string(text), "\n")
		return "", noSecretError(reason)
	}
	return "", refusal(text)
}

// refusal returns the launcher's message, which names the key and holds no
// value.
func refusal(text []byte) error { return errors.New(strings.TrimSpace(string(text))) }

// get sends one request. The launcher closes the connection after its answer;
// a Content-Length reveals an answer that was cut off.
func (s socket) get(path string) (status int, body []byte, err error) {
	fd, err := unixSocket()
	if err != nil {
		return 0, nil, os.NewSyscallError("socket", err)
	}
	defer func() { _ = syscall.Close(fd) }()
	request := "GET " + path + " HTTP/1.1\r\nHost: launcher\r\nConnection: close\r\n\r\n"
	if err := retryInterrupted(func() error { return syscall.Connect(fd, &syscall.SockaddrUnix{Name: string(s)}) }); err != nil {
		if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) {
			err = ErrEnded
		}
		return 0, nil, err
	}
	if err := retryInterrupted(func() error { return send(fd, []byte(request)) }); err != nil {
		return 0, nil, ErrEnded
	}
	answer, err := readAll(fd)
	if err != nil {
		return 0, nil, ErrEnded
	}
	return parseAnswer(answer)
}

// retryInterrupted repeats a system call that a signal interrupted.
func retryInterrupted(f func() error) error {
	for {
		if err := f(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func readAll(fd int) (text []byte, err error) {
	chunk := make([]byte, 64<<10)
	for n := 1; n > 0; {
		if err := retryInterrupted(func() (err error) { n, err = syscall.Read(fd, chunk); return err }); err != nil {
			return nil, err
		}
		text = append(text, chunk[:max(n, 0)]...)
	}
	return text, nil
}

// parseAnswer reads an HTTP/1 response, RFC 9112, with a Content-Length.
func parseAnswer(answer []byte) (status int, body []byte, err error) {
	head, body, whole := bytes.Cut(answer, []byte("\r\n\r\n"))
	line, fields, _ := strings.Cut(string(head), "\r\n")
	words := strings.SplitN(line, " ", 3)
	if !whole || len(words) < 2 || !strings.HasPrefix(words[0], "HTTP/1.") {
		return 0, nil, ErrEnded
	}
	length := -1
	for field := range strings.SplitSeq(fields, "\r\n") {
		name, value, _ := strings.Cut(field, ":")
		if strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				length = -1
			}
		}
	}
	status, err = strconv.Atoi(words[1])
	if err != nil || length != len(body) {
		return 0, nil, ErrEnded
	}
	return status, body, nil
}
