package fake

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"sync"
	"time"
)

// Counters holds what was requested of the fake.
type Counters struct {
	Connections int                       `json:"connections"`
	Requests    map[string]int            `json:"requests"`     // by operation: connect, discovery, openid, token, managed-identity, secret, list, other
	Statuses    map[int]int               `json:"statuses"`     // 0: no answer, by a fault or because the client left
	Challenges  int                       `json:"challenges"`   // requests to a vault without a good token
	Tokens      int                       `json:"tokens"`       // issued
	Reads       map[string]map[string]int `json:"reads"`        // authorized GETs of a secret, by vault and name, whatever the answer
	Throttled   int                       `json:"throttled"`    // answered with 429
	MostAtOnce  int                       `json:"most_at_once"` // requests under way at one time; a CONNECT is one until it is answered
}

// Record is one line of the request log. It holds the path, but no query,
// header or body.
type Record struct {
	Time       time.Time `json:"time"`
	Connection int64     `json:"connection"`
	Host       string    `json:"host"`
	Method     string    `json:"method"`
	Path       string    `json:"path,omitempty"`
	Operation  string    `json:"operation"`
	Status     int       `json:"status"`
	Authorized bool      `json:"authorized"`
	Fault      string    `json:"fault,omitempty"`
	TookMS     float64   `json:"took_ms"`
}

type recorder struct {
	mu   sync.Mutex
	file *os.File
	err  error // of the first line that could not be written
	now  int   // requests under way
	all  Counters
}

func newRecorder(path string) (*recorder, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	r := &recorder{file: file}
	r.reset()
	return r, nil
}

func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = Counters{Requests: map[string]int{}, Statuses: map[int]int{}, Reads: map[string]map[string]int{}}
}

func (r *recorder) connected() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all.Connections++
}

func (r *recorder) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now++
	r.all.MostAtOnce = max(r.all.MostAtOnce, r.now)
}

// done counts an exchange and writes its line. Status 0 means no answer.
func (r *recorder) done(x *exchange, status int) {
	line, err := json.Marshal(Record{
		Time: x.started.UTC(), Connection: x.connection, Host: x.host, Method: x.Method, Path: x.URL.Path,
		Operation: string(x.operation), Status: status, Authorized: x.authorized, Fault: x.fault,
		TookMS: float64(time.Since(x.started).Microseconds()) / 1000,
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now--
	r.count(x, status)
	if err == nil {
		_, err = r.file.Write(append(line, '\n'))
	}
	if r.err == nil {
		r.err = err
	}
}

func (r *recorder) count(x *exchange, status int) {
	r.all.Requests[string(x.operation)]++
	r.all.Statuses[status]++
	if status == http.StatusTooManyRequests {
		r.all.Throttled++
	}
	if (x.operation == token || x.operation == managed) && status == http.StatusOK {
		r.all.Tokens++
	}
	switch {
	case x.vault == nil:
	case !x.authorized:
		r.all.Challenges++
	case x.operation == secret:
		if r.all.Reads[x.vault.Name] == nil {
			r.all.Reads[x.vault.Name] = map[string]int{}
		}
		r.all.Reads[x.vault.Name][x.name]++
	}
}

func (r *recorder) counters() Counters {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.all
	all.Requests, all.Statuses, all.Reads = maps.Clone(all.Requests), maps.Clone(all.Statuses), map[string]map[string]int{}
	for vault, reads := range r.all.Reads {
		all.Reads[vault] = maps.Clone(reads)
	}
	return all
}

func (r *recorder) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.err, r.file.Close())
}
