package handler

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Variable names the delivery: stdin, fd:N, env, files:DIR or unix:PATH.
const Variable = "LAUNCHER_CONTEXT"

// VariableJSON holds, in the env delivery, the context without its secrets.
const VariableJSON = "LAUNCHER_CONTEXT_JSON"

// ErrNoContext says that nothing started this process with a context.
var ErrNoContext = errors.New(Variable + ` is not set: start this program with "launcher run"`)

// document is the context as it is written.
type document struct {
	Version  int               `json:"version"`
	Metadata Metadata          `json:"metadata"`
	Spec     json.RawMessage   `json:"spec"`
	Secrets  map[string]string `json:"secrets"`
	Base64   map[string][]byte `json:"secrets_base64"`
	Env      map[string]string `json:"secrets_env"`
}

// Read reads the context that this process was given. Standard input can be
// read once: keep the Context. It fails with ErrNoContext where there is none;
// no error holds a value.
func Read() (*Context, error) {
	text, err := read(os.Getenv(Variable))
	if err != nil {
		return nil, err
	}
	return parse(text)
}

func read(delivery string) ([]byte, error) {
	scheme, where, _ := strings.Cut(delivery, ":")
	switch scheme {
	case "":
		return nil, ErrNoContext
	case "stdin":
		text, err := io.ReadAll(os.Stdin)
		if err == nil && len(text) == 0 {
			err = errors.New("standard input holds no context: it is there once, and was read before; use --deliver fd to read it again")
		}
		return text, err
	case "fd":
		return readDescriptor(where)
	case "env":
		return []byte(os.Getenv(VariableJSON)), nil
	default:
		return nil, fmt.Errorf("%s: the delivery %q is not built yet", Variable, scheme)
	}
}

// readDescriptor reads from the start of the descriptor's file and leaves the
// offset, which other processes share, as it is.
func readDescriptor(number string) ([]byte, error) {
	fd, err := strconv.ParseUint(number, 10, 31)
	if err != nil {
		return nil, fmt.Errorf("%s: %q is no descriptor", Variable, number)
	}
	name := "/proc/self/fd/" + number
	f := os.NewFile(uintptr(fd), name)
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%s: descriptor %s is not open in this process: %w", Variable, number, err)
	}
	text := make([]byte, info.Size())
	_, err = f.ReadAt(text, 0)
	return text, err
}

func parse(text []byte) (*Context, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, errors.New("the context is not the JSON of a context") // err may quote a value
	}
	if d.Version != Version {
		return nil, fmt.Errorf("the context is of version %d, and this program reads version %d", d.Version, Version)
	}
	c := &Context{Metadata: d.Metadata, Spec: d.Spec}
	var spec struct{ Parameters map[string]any }
	decoder := json.NewDecoder(bytes.NewReader(d.Spec))
	decoder.UseNumber()
	if err := decoder.Decode(&spec); err != nil {
		return nil, errors.New("the context's spec is not the JSON of a spec")
	}
	c.Parameters = spec.Parameters
	for key := range d.Secrets {
		c.keys = append(c.keys, key)
	}
	for key := range d.Base64 {
		c.keys = append(c.keys, key)
	}
	for key := range d.Env {
		c.keys = append(c.keys, key)
	}
	c.secret = d.secret
	return c, nil
}

func (d *document) secret(key string) string {
	if variable, ok := d.Env[key]; ok {
		return os.Getenv(variable)
	}
	if raw, ok := d.Base64[key]; ok {
		return string(raw)
	}
	return d.Secrets[key]
}
