package clustertest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// named reports whether an object is the one that a field selector asks for.
func named(object map[string]any, r *http.Request) bool {
	name, ok := strings.CutPrefix(r.URL.Query().Get("fieldSelector"), "metadata.name=")
	return !ok || metadata(object)["name"] == name
}

// watch sends what changes after the version that the client has seen, until
// either goes away.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, collection string) {
	since, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	w.Header().Set("Content-Type", "application/json")
	controller := http.NewResponseController(w)
	_ = controller.Flush() // the headers; a client that went away is seen below
	for {
		s.mu.Lock()
		fresh := slices.DeleteFunc(slices.Clone(s.events), func(e event) bool { return e.version <= since || e.collection != collection })
		changed := s.changed
		since = s.version
		s.mu.Unlock()
		for _, e := range fresh {
			var object map[string]any
			_ = json.Unmarshal(e.Object, &object)
			if selected(object, r.URL.Query().Get("labelSelector")) && named(object, r) && json.NewEncoder(w).Encode(e) != nil {
				return
			}
		}
		if controller.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}
