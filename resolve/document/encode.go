package document

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
)

// AppendJSON appends the node as JSON. A number keeps its text if that is valid
// JSON; 0x1F, 0o17, 017 and 1_000 become the number that YAML reads. Infinity,
// NaN and bytes, for which JSON has no form, are a Problem.
func (n *Node) AppendJSON(dst []byte) ([]byte, error) {
	switch n.Kind {
	case Null:
		return append(dst, "null"...), nil
	case Bool:
		return append(dst, strings.ToLower(n.Text)...), nil
	case Number:
		return n.appendNumber(dst)
	case String:
		return AppendString(dst, n.Text), nil
	case List:
		return n.appendList(dst)
	case Map:
		return n.appendMap(dst)
	default:
		return dst, &Problem{At: n.At, Message: "JSON cannot hold bytes", Advice: "give them as a base64 string"}
	}
}

// shortEscapes holds the letters of the two-character escapes.
var shortEscapes = [' ']byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// AppendString appends a JSON string (RFC 8259, section 7) and escapes only what
// it must. The text must be UTF-8.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"', c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ' && shortEscapes[c] != 0: // no longer than it may have been
			dst = append(dst, '\\', shortEscapes[c])
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', '0'+c>>4, "0123456789abcdef"[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

func (n *Node) appendNumber(dst []byte) ([]byte, error) {
	if json.Valid([]byte(n.Text)) {
		return append(dst, n.Text...), nil
	}
	plain := strings.TrimPrefix(strings.ReplaceAll(n.Text, "_", ""), "+")
	if json.Valid([]byte(plain)) {
		return append(dst, plain...), nil
	}
	if whole, ok := new(big.Int).SetString(plain, 0); ok {
		return whole.Append(dst, 10), nil
	}
	number, err := strconv.ParseFloat(plain, 64)
	if text := strconv.FormatFloat(number, 'g', -1, 64); err == nil && json.Valid([]byte(text)) {
		return append(dst, text...), nil
	}
	return dst, &Problem{At: n.At, Message: "JSON cannot hold this number", Advice: "quote it"}
}

func (n *Node) appendList(dst []byte) ([]byte, error) {
	dst = append(dst, '[')
	for i, item := range n.Items {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = item.AppendJSON(dst); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func (n *Node) appendMap(dst []byte) ([]byte, error) {
	dst = append(dst, '{')
	for i, f := range n.Fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, f.Name), ':')
		var err error
		if dst, err = f.Value.AppendJSON(dst); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}
