package main_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

// spellings are the ways in which a server may repeat a value: as it is,
// encoded once or twice, and cut.
func spellings(value string) []string {
	quoted, _ := json.Marshal(value)
	twice, _ := json.Marshal(string(quoted))
	encoded := base64.StdEncoding.EncodeToString([]byte(value))
	return []string{
		value, encoded, base64.RawURLEncoding.EncodeToString([]byte(value)), string(quoted), string(twice), url.QueryEscape(value), url.PathEscape(url.PathEscape(value)),
		hex.EncodeToString([]byte(value)), html.EscapeString(value), html.EscapeString(string(quoted)), strconv.QuoteToASCII(value), value[:9], value[3:], encoded[:12],
		strings.ToUpper(value), fmt.Sprintf("% x", value), fmt.Sprint([]byte(value)), strings.Join(strings.Split(value, ""), " "), base64.StdEncoding.EncodeToString([]byte(encoded)),
	}
}

// TestNothingOfAServersTextIsShownOnceItHasAValue has the server repeat the
// value in each part of an answer that is text.
func TestNothingOfAServersTextIsShownOnceItHasAValue(t *testing.T) {
	const mark = "m4rk" // beside the value, so that any part of the server's text is found
	repeat := func(text string) clustertest.Fault {
		return func(w http.ResponseWriter, _ clustertest.Request) bool {
			w.Header().Set("Warning", `299 - `+strconv.QuoteToASCII(text))
			w.Header().Set("Retry-After", mark)
			clustertest.Answer(w, http.StatusUnprocessableEntity, map[string]any{"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": 422,
				"reason": "Invalid", "message": text, "details": map[string]any{"name": text, "kind": text, "uid": text, "group": text, "causes": []any{
					map[string]any{"reason": "FieldValueTooLong", "message": text, "field": "data[" + text + "]"}, map[string]any{"reason": text, "message": text, "field": text}}}})
			return true
		}
	}
	text := mark + strings.Join(spellings(canary), mark)
	for name, fault := range map[string]clustertest.Fault{
		"a status": repeat(text),
		"an unknown reason": func(w http.ResponseWriter, _ clustertest.Request) bool {
			clustertest.Refuse(w, 403, text, text)
			return true
		},
		"a body": func(w http.ResponseWriter, _ clustertest.Request) bool {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write([]byte(text))
			return true
		},
		"an answer of another kind": func(w http.ResponseWriter, _ clustertest.Request) bool {
			clustertest.Answer(w, 200, map[string]any{"kind": text, "apiVersion": text, "data": text})
			return true
		},
		"a permission that is missing": func(w http.ResponseWriter, r clustertest.Request) bool {
			if strings.Contains(r.Path, "selfsubject") {
				clustertest.Answer(w, 201, map[string]any{"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "status": map[string]any{"allowed": false}})
				return true
			}
			clustertest.Refuse(w, 403, "Forbidden", text)
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := clustertest.New(t)
			s.Inject(fault)
			for _, args := range []string{"secrets set", "secrets list", "secrets delete"} {
				args := fields(args + " --timeout 1s --verbose --project fraud")
				if args[1] == "delete" {
					args = append(args, "A")
				}
				got := ctl(t, s, "A="+canary+"\n", args...)
				require.NotZero(t, got.status, got.stderr)
				for _, form := range append(spellings(canary), mark) {
					require.NotContains(t, got.stdout+got.stderr, form, got.stderr)
				}
			}
		})
	}
}

// TestARefusalOfValuesIsUseful shows what is kept of it.
func TestARefusalOfValuesIsUseful(t *testing.T) {
	s := clustertest.New(t)
	s.Inject(func(w http.ResponseWriter, _ clustertest.Request) bool {
		w.Header().Set("Warning", `299 - "policy: weak"`)
		clustertest.Answer(w, 422, map[string]any{"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": 422, "reason": "Invalid", "message": "Secret is invalid",
			"details": map[string]any{"causes": []any{map[string]any{"reason": "FieldValueTooLong", "message": "x", "field": "data"}}}})
		return true
	})
	got := ctl(t, s, "A="+canary+"\n", "secrets", "set", "--project", "fraud")
	require.Equal(t, result{"", "launcherctl: warning: the cluster: it sent a warning, which may repeat a value and is not shown\n" +
		"launcherctl: set keys of project fraud: the cluster answered 422 Invalid, data: FieldValueTooLong\n" +
		"hint: use kubectl to see the cluster's message, which may repeat a value and is not shown here\n", 125}, got)
}

// TestARedirectIsNotFollowed to a server that would get the token and the value.
func TestARedirectIsNotFollowed(t *testing.T) {
	var asked atomic.Int32
	other := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(other.Close)
	for _, code := range []int{301, 302, 303, 307, 308} {
		s := clustertest.New(t)
		s.Inject(func(w http.ResponseWriter, r clustertest.Request) bool {
			w.Header().Set("Location", other.URL+r.Path)
			w.WriteHeader(code)
			return true
		})
		for _, command := range []string{"set", "list"} {
			got := ctl(t, s, "A="+canary+"\n", "secrets", command, "--project", "fraud", "--verbose")
			require.Equal(t, 125, got.status, got.stderr)
			require.NotContains(t, got.stderr, other.URL)
		}
	}
	require.Zero(t, asked.Load())
}
