package clustertest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// event is one change of one object.
type event struct {
	version    int
	collection string
	Type       string          `json:"type"`
	Object     json.RawMessage `json:"object"`
}

// Put makes or replaces an object, as a controller does.
func (s *Server) Put(path string, object map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store(path, object)
}

// Edit changes an object in one step, and reports whether it is there.
func (s *Server) Edit(path string, edit func(object map[string]any) map[string]any) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	object, ok := s.objects[path]
	if ok {
		s.store(path, edit(clone(object)))
	}
	return ok
}

// Object is a copy of an object, nil where there is none.
func (s *Server) Object(path string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return clone(s.objects[path])
}

// Paths is the paths of all objects of a collection.
func (s *Server) Paths(collection string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.order), func(path string) bool {
		_, in := place(path)
		return in != collection
	})
}

// Remove takes an object away, with those that it owns.
func (s *Server) Remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(path)
}

// Changed is closed at the next change of any object, and the next request.
func (s *Server) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// store is called with the lock held, as are those below.
func (s *Server) store(path string, object map[string]any) {
	kind := "MODIFIED"
	old, had := s.objects[path]
	if !had {
		kind = "ADDED"
		s.order = append(s.order, path)
	}
	s.version++
	meta := metadata(object)
	meta["resourceVersion"] = strconv.Itoa(s.version)
	if had {
		meta["uid"] = metadata(old)["uid"]
	} else if meta["uid"] == nil {
		meta["uid"] = "uid-" + strconv.Itoa(s.version)
	}
	if !had && meta["creationTimestamp"] == nil {
		meta["creationTimestamp"] = time.Now().UTC().Format(time.RFC3339)
	}
	s.objects[path] = object
	s.tell(kind, path, object)
}

func (s *Server) remove(path string) {
	object, ok := s.objects[path]
	if !ok {
		return
	}
	delete(s.objects, path)
	s.order = slices.DeleteFunc(s.order, func(p string) bool { return p == path })
	s.version++
	metadata(object)["resourceVersion"] = strconv.Itoa(s.version)
	s.tell("DELETED", path, object)
	uid := metadata(object)["uid"]
	for _, other := range slices.Clone(s.order) {
		switch {
		case strings.HasPrefix(other, path+"/"): // of a namespace
			s.remove(other)
		case !ownedBy(s.objects[other], uid):
		case s.isRunning(other):
			s.mark(other)
		default:
			s.remove(other)
		}
	}
}

// terminate marks an object, and what it owns, as being deleted: the pods' end
// and then the objects' is for the test to play.
func (s *Server) terminate(path string) {
	uid := metadata(s.objects[path])["uid"]
	for _, other := range slices.Clone(s.order) {
		if other == path || ownedBy(s.objects[other], uid) {
			s.mark(other)
		}
	}
}

// mark gives an object the time of its deletion.
func (s *Server) mark(path string) {
	object := clone(s.objects[path])
	metadata(object)["deletionTimestamp"] = "2026-01-31T12:00:00Z"
	s.store(path, object)
}

func ownedBy(object map[string]any, uid any) bool {
	owners, _ := metadata(object)["ownerReferences"].([]any)
	return slices.ContainsFunc(owners, func(owner any) bool {
		reference, _ := owner.(map[string]any)
		return reference["uid"] == uid
	})
}

func (s *Server) tell(kind, path string, object map[string]any) {
	_, collection := place(path)
	text, _ := json.Marshal(object) // it came from JSON
	s.events = append(s.events, event{s.version, collection, kind, text})
	s.wake()
}

func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func metadata(object map[string]any) map[string]any {
	meta, ok := object["metadata"].(map[string]any)
	if !ok {
		meta = map[string]any{}
		object["metadata"] = meta
	}
	return meta
}

func clone(object map[string]any) map[string]any {
	if object == nil {
		return nil
	}
	text, _ := json.Marshal(object)
	var copied map[string]any
	_ = json.Unmarshal(text, &copied)
	return copied
}

func (s *Server) create(w http.ResponseWriter, collection string, r Request) {
	var object map[string]any
	if json.Unmarshal([]byte(r.Body), &object) != nil {
		Refuse(w, http.StatusBadRequest, "BadRequest", "not JSON")
		return
	}
	if s.Admit != nil {
		s.Admit(object)
	}
	name, _ := metadata(object)["name"].(string)
	s.mu.Lock()
	defer s.mu.Unlock()
	path := collection + "/" + name
	if _, there := s.objects[path]; there {
		Refuse(w, http.StatusConflict, "AlreadyExists", name+" already exists")
		return
	}
	s.store(path, object)
	if strings.HasSuffix(collection, "/namespaces") {
		s.store(path+"/serviceaccounts/default", map[string]any{"metadata": map[string]any{"name": "default"}})
	}
	Answer(w, http.StatusCreated, s.objects[path])
}

// one is what is asked of one object: get, patch, delete.
func (s *Server) one(w http.ResponseWriter, r *http.Request, path string, request Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	object, ok := s.objects[path]
	if !ok {
		Refuse(w, http.StatusNotFound, "NotFound", path[strings.LastIndexByte(path, '/')+1:]+" not found")
		return
	}
	switch request.Verb {
	case "get":
	case "patch":
		var patch map[string]any
		if json.Unmarshal([]byte(request.Body), &patch) != nil || r.Header.Get("Content-Type") != "application/merge-patch+json" {
			Refuse(w, http.StatusUnsupportedMediaType, "UnsupportedMediaType", "only merge patches")
			return
		}
		version, _ := metadata(patch)["resourceVersion"].(string)
		if version != "" && version != metadata(object)["resourceVersion"] {
			Refuse(w, http.StatusConflict, "Conflict", "the object has been modified")
			return
		}
		object, _ = merged(clone(object), patch).(map[string]any)
		s.store(path, object)
	case "delete":
		switch {
		case strings.Contains(request.Body, `"propagationPolicy":"Foreground"`):
			s.terminate(path)
		case s.isRunning(path):
			s.mark(path)
		default:
			s.remove(path)
		}
	}
	Answer(w, http.StatusOK, object)
}

// merged is a JSON merge patch, RFC 7396.
func merged(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object, ok := target.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for name, value := range changes {
		if value == nil {
			delete(object, name)
		} else {
			object[name] = merged(object[name], value)
		}
	}
	return object
}

// selected reports whether an object has the labels that a query asks for.
func selected(object map[string]any, selector string) bool {
	labels, _ := metadata(object)["labels"].(map[string]any)
	for term := range strings.SplitSeq(selector, ",") {
		name, value, _ := strings.Cut(term, "=")
		if term != "" && labels[name] != value {
			return false
		}
	}
	return true
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, collection string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := []any{}
	for _, path := range s.order {
		_, in := place(path)
		if object := s.objects[path]; in == collection && selected(object, r.URL.Query().Get("labelSelector")) && named(object, r) {
			items = append(items, maps.Clone(object))
		}
	}
	version, kind := listKind(collection)
	Answer(w, http.StatusOK, map[string]any{"apiVersion": version, "kind": kind, "items": items,
		"metadata": map[string]any{"resourceVersion": strconv.Itoa(s.version)}})
}
