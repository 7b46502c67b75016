// Package clustertest is a Kubernetes API server on loopback for tests, by
// HTTP over TLS: objects are kept as they are sent, and it can be told to
// refuse, to conflict, to throttle and to lose a connection.
//
// It owns as much of the API's behaviour as the programs here rely on:
// resource versions, 404, 409, merge patches, watches, owner references that
// are followed when an owner goes. It has no controllers: a test plays those.
package clustertest

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
)

// Request is one request that the server was sent.
type Request struct {
	Verb, Path, Query string // Verb is RBAC's: get, list, watch, create, patch, delete
	Body              string

	user string
	done <-chan struct{} // the client waits no longer
}

// Done is closed when the client waits no longer.
func (r Request) Done() <-chan struct{} { return r.done }

// Fault answers in the server's place, or does not and reports false.
type Fault func(w http.ResponseWriter, r Request) bool

// Server is one API server.
type Server struct {
	*httptest.Server
	// Logs answers for a container's log; nil is an empty one.
	Logs func(w http.ResponseWriter, pod, container string, r *http.Request)

	// Admit changes an object before it is created; nil changes nothing.
	Admit func(object map[string]any)

	// Kubelet says that somebody ends the pods: a pod that is deleted is only marked.
	Kubelet bool

	mu       sync.Mutex
	changed  chan struct{} // closed at the next change or request
	objects  map[string]map[string]any
	order    []string // of the objects' paths, as they came
	events   []event
	version  int
	requests []Request
	faults   []Fault
	denied   []string
	rules    []rbacv1.PolicyRule
	limited  bool // to the rules
}

// New starts a server, which ends with the test.
func New(t *testing.T) *Server {
	t.Helper()
	s := &Server{objects: map[string]map[string]any{}, changed: make(chan struct{}), version: 100}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.EnableHTTP2 = true // as a cluster's does
	s.StartTLS()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// Kubeconfig is a file that leads here, as a user with a token, to namespace
// ml.
func (s *Server) Kubeconfig(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	config := map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "here",
		"clusters": []any{map[string]any{"name": "c", "cluster": map[string]any{"server": s.URL, "certificate-authority-data": authority}}},
		"users":    []any{map[string]any{"name": "u", "user": map[string]any{"token": Token}}},
		"contexts": []any{map[string]any{"name": "here", "context": map[string]any{"cluster": "c", "user": "u", "namespace": "ml"}}},
	}
	text, err := json.Marshal(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

// Token is what the kubeconfig logs in with; no output may hold it.
const Token = "t0ken-of-the-kubeconfig"

// User is who the server takes that for.
const User = "ana@example.org"

// Inject puts a fault before all that follows; the first that answers counts.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// Requests is what was asked so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Allow gives a permission back.
func (s *Server) Allow(verb, resource string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = slices.DeleteFunc(s.denied, func(d string) bool { return d == verb+" "+resource })
}

// Deny takes a permission away from who uses the kubeconfig.
func (s *Server) Deny(verb, resource string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = append(s.denied, verb+" "+resource)
}

// resource is what a path is about, as RBAC calls it.
func resource(path string) string {
	_, collection := place(path)
	name := collection[strings.LastIndexByte(collection, '/')+1:]
	if strings.HasSuffix(path, "/log") {
		name += "/log"
	}
	return name
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	user := userOf(r)
	if user == "" {
		Refuse(w, http.StatusUnauthorized, "Unauthorized", "Unauthorized")
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	request := Request{Verb: verb(r), Path: r.URL.Path, Query: r.URL.RawQuery, Body: string(body), user: user, done: r.Context().Done()}
	s.mu.Lock()
	s.requests = append(s.requests, request)
	s.wake()
	faults := append([]Fault(nil), s.faults...)
	ask := about(request.Verb, r.URL.Path, r.URL.RawQuery)
	allowed := isReview(r.URL.Path) || s.allows(ask) && s.granted(user, namespaceOf(r.URL.Path), ask)
	s.mu.Unlock()
	if !allowed {
		Refuse(w, http.StatusForbidden, "Forbidden", ask.String())
		return
	}
	for _, f := range faults {
		if f(w, request) {
			return
		}
	}
	s.answer(w, r, request)
}

// answer is that of a server in order.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, request Request) {
	name, list := place(r.URL.Path)
	switch {
	case r.URL.Path == "/version":
		Answer(w, http.StatusOK, map[string]any{"gitVersion": "v1.33.0-clustertest"})
	case strings.HasSuffix(r.URL.Path, "/token") && request.Verb == "create":
		Answer(w, http.StatusCreated, map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
			"status": map[string]any{"token": accountToken + namespaceOf(r.URL.Path) + ":" + nameOf(r.URL.Path), "expirationTimestamp": nil}})
	case strings.HasSuffix(r.URL.Path, "/selfsubjectreviews"):
		Answer(w, http.StatusCreated, map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview",
			"status": map[string]any{"userInfo": map[string]any{"username": request.user}}})
	case strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews"):
		s.mayAnswer(w, request)
	case strings.HasSuffix(r.URL.Path, "/log"):
		if s.Logs != nil {
			parts := strings.Split(r.URL.Path, "/")
			s.Logs(w, parts[len(parts)-2], r.URL.Query().Get("container"), r)
		}
	case request.Verb == "watch":
		s.watch(w, r, list)
	case request.Verb == "list":
		s.list(w, r, list)
	case request.Verb == "create":
		s.create(w, list, request)
	default:
		s.one(w, r, name, request)
	}
}

func verb(r *http.Request) string {
	_, list := place(r.URL.Path)
	switch r.Method {
	case http.MethodGet:
		if r.URL.Query().Get("watch") != "" {
			return "watch"
		}
		if list == r.URL.Path {
			return "list"
		}
		return "get"
	case http.MethodPost:
		return "create"
	}
	return strings.ToLower(r.Method)
}

// place is an object's path and that of its collection, which are the same for
// a collection: /api/v1/namespaces/NS/RESOURCE/NAME, or with a group; also those of a
// namespace itself.
func place(path string) (object, collection string) {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		switch {
		case part != "namespaces" || len(parts) == i+1:
		case len(parts) == i+2:
			return path, strings.Join(parts[:i+1], "/")
		default:
			return path, strings.Join(parts[:i+3], "/")
		}
	}
	return path, path
}

// Answer writes an object.
func Answer(w http.ResponseWriter, status int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(object) // a client that went away
}

// Refuse writes a Status, in the form that Kubernetes gives it.
func Refuse(w http.ResponseWriter, code int, reason, message string) {
	Answer(w, code, map[string]any{"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "reason": reason,
		"message": message, "details": map[string]any{}})
}

// Path is that of an object, or of a collection where name is empty.
func Path(group, resource, name string) string {
	prefix := "/api/v1"
	if group != "" {
		prefix = "/apis/" + group + "/v1"
	}
	return strings.TrimSuffix(fmt.Sprintf("%s/namespaces/ml/%s/%s", prefix, resource, name), "/")
}
