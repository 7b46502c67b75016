package document

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
)

// AppendJSON appends the node as JSON. A number keeps its text where JSON has
// that form; 0x1F, 0o17, 017 and 1_000 become the number that YAML reads them
// as. What JSON has no form for (infinity, NaN, bytes) is a Problem.
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
		return dst, &Problem{At: n.At, Message: "JSON cannot carry bytes", Advice: "give them as a string, base64"}
	}
}

// AppendString appends a JSON string. It takes text that is UTF-8.
func AppendString(dst []byte, s string) []byte {
	if !strings.ContainsFunc(s, needsEscape) {
		return append(append(append(dst, '"'), s...), '"')
	}
	buffer := bytes.NewBuffer(dst)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string and a bytes.Buffer have no way to fail
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}

// needsEscape reports whether a character may not stand as it is in a JSON string.
func needsEscape(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }

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
	return dst, &Problem{At: n.At, Message: "JSON has no form for this number", Advice: "quote it"}
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
