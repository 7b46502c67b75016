package fake

import (
	"encoding/json"
	"io"
	"net/http"
)

// administration serves the requests about the fake itself, on a separate port:
//
//	PUT /faults      replace the faults by a list in YAML or JSON
//	DELETE /faults   remove all faults
//	PUT /config      replace the configuration and its faults
//	POST /revoke     make every issued token invalid
//	GET /counters    return what was requested, as JSON
//	DELETE /counters set the counters to zero
//
// It answers 400 with one line to an invalid body.
func (s *Server) administration() http.Handler {
	mux := http.NewServeMux()
	body := func(pattern string, use func([]byte) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16*maxBody))
			if err == nil {
				err = use(text)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		})
	}
	body("PUT /faults", func(text []byte) error {
		var list []Fault
		if err := parse("faults", text, &list); err != nil {
			return err
		}
		return s.SetFaults(list...)
	})
	body("DELETE /faults", func([]byte) error { return s.SetFaults() })
	body("PUT /config", func(text []byte) error {
		config, err := Parse("config", text)
		if err != nil {
			return err
		}
		return s.SetConfig(config)
	})
	body("POST /revoke", func([]byte) error { s.Revoke(); return nil })
	body("DELETE /counters", func([]byte) error { s.ResetCounters(); return nil })
	mux.HandleFunc("GET /counters", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.Counters())
	})
	return mux
}
