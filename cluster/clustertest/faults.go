package clustertest

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
)

// On is a fault for the requests of a verb to a path that ends so; verb ""
// stands for all.
func On(verb, suffix string, f Fault) Fault {
	return func(w http.ResponseWriter, r Request) bool {
		return (verb == "" || r.Verb == verb) && strings.HasSuffix(r.Path, suffix) && f(w, r)
	}
}

// Times is a fault that happens so many times and then no more.
func Times(n int32, f Fault) Fault {
	var done atomic.Int32
	return func(w http.ResponseWriter, r Request) bool { return done.Add(1) <= n && f(w, r) }
}

// Conflict is the answer to who has read an older version.
func Conflict(w http.ResponseWriter, _ Request) bool {
	Refuse(w, http.StatusConflict, "Conflict", "the object has been modified")
	return true
}

// Throttled is 429 with a Retry-After in seconds; less than 0 is without one.
func Throttled(after int) Fault {
	return func(w http.ResponseWriter, _ Request) bool {
		if after >= 0 {
			w.Header().Set("Retry-After", strconv.Itoa(after))
		}
		Refuse(w, http.StatusTooManyRequests, "TooManyRequests", "too many requests")
		return true
	}
}

// Failing is any other status.
func Failing(code int, reason, message string) Fault {
	return func(w http.ResponseWriter, _ Request) bool {
		Refuse(w, code, reason, message)
		return true
	}
}

// Lost ends the connection with nothing done.
func Lost(http.ResponseWriter, Request) bool { panic(http.ErrAbortHandler) }

// Lately does what is asked, says so by closing done, and does not answer until
// the client has given up.
func (s *Server) Lately(done chan<- struct{}) Fault {
	return func(_ http.ResponseWriter, r Request) bool {
		s.perform(r)
		close(done)
		<-r.done
		return true
	}
}

// LostAnswer does what is asked and ends the connection before the answer.
func (s *Server) LostAnswer(_ http.ResponseWriter, r Request) bool {
	s.perform(r)
	panic(http.ErrAbortHandler)
}

// perform does what is asked and drops the answer.
func (s *Server) perform(r Request) {
	method := map[string]string{"create": http.MethodPost, "patch": http.MethodPatch, "delete": http.MethodDelete}[r.Verb]
	request, err := http.NewRequest(method, r.Path, nil)
	if err != nil {
		panic(err) // a path that was a request's already
	}
	request.Header.Set("Content-Type", "application/merge-patch+json")
	s.answer(discarded{http.Header{}}, request, r)
}

type discarded struct{ header http.Header }

func (d discarded) Header() http.Header            { return d.header }
func (d discarded) WriteHeader(int)                {}
func (d discarded) Write(text []byte) (int, error) { return len(text), nil }
