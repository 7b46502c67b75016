package resolve

import (
	"fmt"
	"io"
)

// redacted is what every verb, logger and encoder makes of a Value.
const redacted = "[secret]"

// Value is a secret's bytes. They are held in a closure, which no formatting
// verb, reflection or encoder can look into, so a Value that strays into a
// message prints as [secret] even as an unexported field of something else.
type Value struct{ reveal func() []byte }

// NewValue wraps bytes that the caller no longer changes.
func NewValue(b []byte) Value {
	return Value{func() []byte { return b }}
}

// Reveal is the bytes themselves, to be called where they are delivered. The
// zero Value has none.
func (v Value) Reveal() []byte {
	if v.reveal == nil {
		return nil
	}
	return v.reveal()
}

// Format prints [secret] for every verb and flag.
func (Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText is what encoding/json, slog and YAML encoders print.
func (Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }
