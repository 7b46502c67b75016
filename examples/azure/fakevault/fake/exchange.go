package fake

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// operation names what a request is for. The counters have one entry each.
type operation string

const (
	connect   operation = "connect"
	discovery operation = "discovery" // is this authority one of Microsoft's
	openid    operation = "openid"    // finds a tenant's token endpoint
	token     operation = "token"
	managed   operation = "managed-identity"
	secret    operation = "secret"
	list      operation = "list"
	other     operation = "other"
)

// exchange is one request, and what the fake learned about it.
type exchange struct {
	*http.Request
	w          http.ResponseWriter
	world      *world
	host       string     // lower case, without a port
	form       url.Values // of a POST
	connection int64
	started    time.Time

	operation  operation
	vault      *vault // that the host is, if it is one
	name       string // of the secret
	authorized bool   // a token came with it, and it is good
	fault      string
}

// maxBody is far over what a token request holds.
const maxBody = 1 << 20

// exchange begins one. Each ends with one call of recorder.done.
func (s *Server) exchange(r *http.Request) *exchange {
	s.record.begin()
	x := &exchange{Request: r, world: s.world.Load(), started: time.Now(), host: hostOf(r.Host), operation: other}
	if c := connOf(r); c != nil {
		x.connection = c.number
	}
	return x
}

func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		hostport = host
	}
	return strings.ToLower(strings.TrimSuffix(hostport, "."))
}

// serve handles one request, from reading it to its line in the log.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	x := s.exchange(r)
	x.w = w
	// A client that leaves is seen only once its request has been read.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		s.record.done(x, http.StatusBadRequest)
		return
	}
	if x.form, err = url.ParseQuery(string(body)); err != nil {
		x.form = url.Values{}
	}
	answerer := s.route(x)
	switch {
	case answerer == nil && x.TLS == nil:
		s.refuse(x)
		return
	case answerer == nil: // the tunnel was for another host than the request
		s.finish(x, Fault{}, answer{status: http.StatusMisdirectedRequest})
		return
	}
	if x.vault != nil {
		s.authorize(x)
	}
	fault := s.faults.take(x)
	s.delay(x, fault)
	a, replaced := fault.replace(x)
	if !replaced {
		a = fault.corrupt(answerer(x))
	}
	s.finish(x, fault, a)
}

// route returns the function that answers, or nil for a host that the fake is
// not.
func (s *Server) route(x *exchange) func(*exchange) answer {
	path := strings.Trim(x.URL.Path, "/")
	switch {
	case x.TLS == nil && (x.host == metadataHost || loopbackHost(x.host)):
		return s.managedRoute(x, path)
	case x.TLS == nil:
		return nil
	case x.world.vaultOf(x.host, path) != nil:
		x.vault = x.world.vaultOf(x.host, path)
		return s.vaultRoute(x, path)
	case x.world.login(x.host):
		return s.entraRoute(x, path)
	}
	return nil
}

// delay keeps a request waiting. It does not return if the fault ends the
// request, or if the client left.
func (s *Server) delay(x *exchange, fault Fault) {
	x.fault = fault.Kind
	delay := time.Duration(fault.DelayMS) * time.Millisecond
	if x.operation != connect {
		delay += time.Duration(x.world.config.LatencyMS) * time.Millisecond
	}
	if wait(x.Context(), delay) && fault.Kind != Silent && fault.Kind != Reset && fault.Kind != Dead {
		return
	}
	s.record.done(x, 0)
	switch fault.Kind {
	case Silent:
		<-x.Context().Done()
	case Dead:
		if c := connOf(x.Request); c != nil {
			c.dead.Store(true)
		}
		<-x.Context().Done()
	case Reset:
		if c := connOf(x.Request); c != nil {
			c.reset()
		}
	}
	panic(http.ErrAbortHandler)
}

// finish writes the line of the log and then the answer, so a client that has
// the answer can rely on the line.
func (s *Server) finish(x *exchange, fault Fault, a answer) {
	s.record.done(x, a.status)
	for name, values := range a.header {
		x.w.Header()[name] = values
	}
	x.w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	x.w.WriteHeader(a.status)
	if fault.Kind != Stall {
		_, _ = x.w.Write(a.body)
		return
	}
	_, _ = x.w.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(x.w).Flush()
	<-x.Context().Done()
	panic(http.ErrAbortHandler)
}

// answer is a response that was not sent yet.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// object is a JSON object.
type object map[string]any

// reply returns an answer in JSON.
func reply(status int, body object) answer {
	text, err := json.Marshal(body)
	if err != nil { // an object of strings, numbers and objects has no way to fail
		return answer{status: http.StatusInternalServerError, header: http.Header{}}
	}
	return answer{status, http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Cache-Control": {"no-cache"}}, text}
}
