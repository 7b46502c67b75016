package resolve_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

// holder has a Value in every place where a field can be, seen and unseen.
type holder struct {
	Value   resolve.Value
	Pointer *resolve.Value
	Any     any
	Slice   []resolve.Value
	Map     map[string]resolve.Value
	Array   [1]resolve.Value
	value   resolve.Value
	pointer *resolve.Value
	any     any
	slice   []resolve.Value
	byName  map[string]resolve.Value
	deep    struct{ secret resolve.Secret }
}

func holding(v resolve.Value) holder {
	h := holder{
		v, &v, v, []resolve.Value{v}, map[string]resolve.Value{"k": v}, [1]resolve.Value{v},
		v, &v, v, []resolve.Value{v}, map[string]resolve.Value{"k": v}, struct{ secret resolve.Secret }{},
	}
	h.deep.secret = resolve.Secret{Key: "K", Value: v}
	return h
}

func TestAValueGivesItsBytesToRevealAlone(t *testing.T) {
	v := resolve.NewValue([]byte(sourcetest.Canary))
	require.Equal(t, sourcetest.Canary, string(v.Reveal()))
	require.Nil(t, resolve.Value{}.Reveal())
	require.Equal(t, []byte{}, resolve.NewValue([]byte{}).Reveal())
}

func TestNoVerbPrintsAValue(t *testing.T) {
	v := resolve.NewValue([]byte(sourcetest.Canary))
	for _, verb := range sourcetest.Verbs() {
		text := fmt.Sprintf(verb, v)
		if !strings.HasSuffix(verb, "T") {
			require.Equal(t, "[secret]", text, verb)
		}
	}
	for _, flags := range []string{"", "+", "#"} {
		sourcetest.RequireHidden(t, fmt.Sprintf("%"+flags+"w %"+flags+"p", v, v), sourcetest.Canary)
		sourcetest.RequireHidden(t, fmt.Sprintf("%"+flags+"w %"+flags+"p", holding(v), holding(v)), sourcetest.Canary)
	}
	for _, v := range []any{v, &v, &[]any{&v}, holding(v), []holder{holding(v)}, resolve.Value{}} {
		sourcetest.RequireHidden(t, sourcetest.Printed(v), sourcetest.Canary)
	}
}

func TestAValuePrintsTheSameWhateverItsLength(t *testing.T) {
	for _, secret := range []string{"", "x", strings.Repeat("long", 1000)} {
		v := resolve.NewValue([]byte(secret))
		require.Equal(t, "[secret] [secret] [secret]", fmt.Sprintf("%v %s %x", v, &v, v))
	}
	require.Equal(t, "[secret]", fmt.Sprint(resolve.Value{}))
}

func TestNoErrorPrintsAValue(t *testing.T) {
	v := resolve.NewValue([]byte(sourcetest.Canary))
	err := fmt.Errorf("one %v: %w", v, errors.New("two"))
	err = errors.Join(fmt.Errorf("three %+v %q: %w", holding(v), v, err), &resolve.KeyError{Key: "K", Provider: "p", Err: err})
	sourcetest.RequireHidden(t, sourcetest.Printed(err), sourcetest.Canary)
	require.ErrorContains(t, err, "one [secret]: two")
}

func TestAPanicPrintsNoValue(t *testing.T) {
	v := resolve.NewValue([]byte(sourcetest.Canary))
	defer func() {
		sourcetest.RequireHidden(t, sourcetest.Printed(recover()), sourcetest.Canary)
	}()
	panic(holding(v))
}

func TestNoEncoderWritesAValue(t *testing.T) {
	v := resolve.NewValue([]byte(sourcetest.Canary))
	text, err := json.Marshal(map[string]any{"v": v, "p": &v, "s": []resolve.Value{v}, "k": resolve.Secret{Key: "K", Value: v}})
	require.NoError(t, err)
	require.JSONEq(t, `{"v":"[secret]","p":"[secret]","s":["[secret]"],"k":{"Key":"K","Value":"[secret]","Env":false}}`, string(text))

	text, err = xml.Marshal(resolve.Secret{Key: "K", Value: v})
	require.NoError(t, err)
	sourcetest.RequireHidden(t, string(text), sourcetest.Canary)

	var encoded bytes.Buffer
	require.Error(t, gob.NewEncoder(&encoded).Encode(v))
	_ = gob.NewEncoder(&encoded).Encode(resolve.Secret{Key: "K", Value: v})
	sourcetest.RequireHidden(t, encoded.String(), sourcetest.Canary)
}

func TestNoLoggerPrintsAValue(t *testing.T) {
	v := resolve.NewValue([]byte(sourcetest.Canary))
	var out bytes.Buffer
	options := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, options), slog.NewJSONHandler(&out, options)} {
		log := slog.New(handler).With("with", v)
		log.Debug("m", "value", v, "pointer", &v, slog.Any("any", []any{v}), "holder", holding(v))
		log.Error("m", "error", fmt.Errorf("%v", v), slog.Group("g", "v", v))
	}
	require.Equal(t, 4, strings.Count(out.String(), "with"))
	require.Contains(t, out.String(), "[secret]")
	sourcetest.RequireHidden(t, out.String(), sourcetest.Canary)
}

// witness is a testing.T that keeps what testify says.
type witness struct{ said strings.Builder }

func (w *witness) Errorf(format string, args ...any) { fmt.Fprintf(&w.said, format, args...) }

// testify looks into unexported fields by reflection, with methods disabled.
func TestNoFailedAssertionPrintsAValue(t *testing.T) {
	v := resolve.NewValue([]byte(sourcetest.Canary))
	other := resolve.NewValue([]byte("other"))
	for _, pair := range [][2]any{
		{v, other}, {&v, &other}, {holding(v), holding(other)}, {[]resolve.Value{v}, []resolve.Value{other}},
		{resolve.Secret{Key: "K", Value: v}, resolve.Secret{Key: "K", Value: other}},
		{resolve.Finding{Key: "K", Value: v}, resolve.Finding{Key: "K", Value: other}},
	} {
		w := &witness{}
		assert.Equal(w, pair[0], pair[1])
		assert.Contains(w, []any{pair[0]}, pair[1])
		assert.Empty(w, pair[0])
		assert.ElementsMatch(w, []any{pair[0]}, []any{pair[1]})
		require.NotEmpty(t, w.said.String())
		sourcetest.RequireHidden(t, w.said.String(), sourcetest.Canary)
		sourcetest.RequireHidden(t, w.said.String(), "other\n")
	}
}
