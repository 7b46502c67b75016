package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"sync"
)

// canaries holds the secret values of a run. Each has a random part, which is looked
// for wherever no value may be.
type canaries struct {
	mu     sync.Mutex
	tokens map[string]string // by label
	values map[string]string
}

// value returns the secret value of a label, the same each time. It has characters that
// the kubelet, YAML and JSON treat in their own way.
func (c *canaries) value(label string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values == nil {
		c.tokens, c.values = map[string]string{}, map[string]string{}
	}
	if c.values[label] == "" {
		random := make([]byte, 12)
		_, _ = rand.Read(random) // never fails
		c.tokens[label] = hex.EncodeToString(random)
		c.values[label] = label + "-" + c.tokens[label] + ` "1" <é> $(HOME) $$x 'y' \z&=#`
	}
	return c.values[label]
}

// found returns the labels of the values of which a text holds the random part, as it is
// or encoded.
func (c *canaries) found(text string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var labels []string
	lower := strings.ToLower(text)
	for label, token := range c.tokens {
		for _, form := range forms(token) {
			if strings.Contains(text, form) || strings.Contains(lower, form) {
				labels = append(labels, label)
				break
			}
		}
	}
	return labels
}

// redact replaces all values in a text.
func (c *canaries) redact(text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for label, value := range c.values {
		text = strings.ReplaceAll(text, value, "(value "+label+")")
		for _, form := range forms(c.tokens[label]) {
			text = strings.ReplaceAll(text, form, "(value "+label+")")
		}
	}
	return text
}

// forms returns a token as it may be written: as it is, in hexadecimal, and in base64 at
// each of the three positions that it can have there.
func forms(token string) []string {
	all := []string{token, hex.EncodeToString([]byte(token))}
	for shift := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("-", shift) + token))
		all = append(all, encoded[(shift*8+5)/6:len(encoded)-1])
	}
	return all
}
