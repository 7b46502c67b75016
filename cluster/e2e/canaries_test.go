package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAValueIsFoundInEachForm wherever it is in a text, and is redacted there.
func TestAValueIsFoundInEachForm(t *testing.T) {
	c := &canaries{}
	value := c.value("A")
	require.Equal(t, value, c.value("A"))
	c.value("B")
	quoted, err := json.Marshal(value)
	require.NoError(t, err)
	texts := []string{value, string(quoted), url.QueryEscape(value), hex.EncodeToString([]byte(value)), strings.ToUpper(value), "x" + value[:40]}
	for shift := range 3 {
		texts = append(texts, base64.StdEncoding.EncodeToString([]byte("xyz"[:shift]+value)), base64.RawURLEncoding.EncodeToString([]byte("xyz"[:shift]+value)))
	}
	for _, text := range texts {
		require.Equal(t, []string{"A"}, c.found("before "+text+" after"), text)
	}
	for _, text := range append(texts[:4:4], texts[6:]...) {
		require.Empty(t, c.found(c.redact(text)), text)
	}
	require.Empty(t, c.found("A-0123456789abcdef and B"))
}
