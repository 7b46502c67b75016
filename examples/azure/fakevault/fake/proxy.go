package fake

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// conn is a client's connection, before TLS. Its number is in the request log.
type conn struct {
	net.Conn
	read   io.Reader // what a tunnel's client sent too early, then the rest
	number int64
	dead   atomic.Bool // as if the network between had forgotten it: nothing comes, and nothing goes
}

func (c *conn) Read(p []byte) (int, error) {
	from := io.Reader(c.Conn)
	if c.read != nil {
		from = c.read
	}
	for {
		n, err := from.Read(p)
		if err != nil || !c.dead.Load() {
			return n, err
		}
	}
}

func (c *conn) Write(p []byte) (int, error) {
	if c.dead.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// reset closes the connection so that the client's next read fails with
// ECONNRESET: a linger time of 0, socket(7).
func (c *conn) reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

type numberedListener struct {
	net.Listener
	server *Server
}

// loopback listens on 127.0.0.1 and numbers the connections.
func (s *Server) loopback(port int) (net.Listener, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	return numberedListener{listener, s}, nil
}

func (l numberedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.server.record.connected()
	return &conn{Conn: c, number: l.server.connections.Add(1)}, nil
}

// tunnels is the listener of connections that came by CONNECT.
type tunnels struct {
	addr  net.Addr
	conns chan net.Conn
	ended chan struct{}
	once  sync.Once
}

func newTunnels(addr net.Addr) *tunnels {
	return &tunnels{addr: addr, conns: make(chan net.Conn), ended: make(chan struct{})}
}

func (t *tunnels) Accept() (net.Conn, error) {
	select {
	case c := <-t.conns:
		return c, nil
	case <-t.ended:
		return nil, net.ErrClosed
	}
}

func (t *tunnels) Close() error {
	t.once.Do(func() { close(t.ended) })
	return nil
}

func (t *tunnels) Addr() net.Addr { return t.addr }

func (t *tunnels) hand(c net.Conn) {
	select {
	case t.conns <- c:
	case <-t.ended:
		_ = c.Close()
	}
}

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	return context.WithValue(ctx, connKey{}, c)
}

// connOf returns the connection of a request, or nil for the administration.
func connOf(r *http.Request) *conn {
	c, _ := r.Context().Value(connKey{}).(*conn)
	return c
}

// proxy answers CONNECT with a tunnel to the fake. It also answers requests
// without TLS to the instance metadata service.
func (s *Server) proxy(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		s.serve(w, r)
		return
	}
	x := s.exchange(r)
	x.w, x.operation = w, connect
	fault := s.faults.take(x)
	s.delay(x, fault)
	if fault.Kind == NoSuchHost || !x.world.serves(x.host) {
		s.refuse(x)
		return
	}
	s.record.done(x, http.StatusOK)
	c, buffered := hijack(w)
	if c == nil {
		return
	}
	if _, err := io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		_ = c.Close()
		return
	}
	c.read = io.MultiReader(io.LimitReader(buffered, int64(buffered.Buffered())), c.Conn)
	s.tunnels.hand(c)
}

// refuse answers like a proxy that cannot look up a host. Go's client shows
// only the reason phrase of such an answer.
func (s *Server) refuse(x *exchange) {
	s.record.done(x, http.StatusBadGateway)
	if c, _ := hijack(x.w); c != nil {
		_, _ = io.WriteString(c, "HTTP/1.1 502 no such host\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		_ = c.Close()
	}
}

// hijack takes a connection from net/http. It returns nil for HTTP/2, which
// shares connections.
func hijack(w http.ResponseWriter) (*conn, *bufio.Reader) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return nil, nil
	}
	raw, buffer, err := hijacker.Hijack()
	if err != nil {
		return nil, nil
	}
	c, ok := raw.(*conn)
	if !ok {
		_ = raw.Close()
		return nil, nil
	}
	return c, buffer.Reader
}
