package handler

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"
)

// object is a JSON object with exact names: encoding/json ignores letter case
// when it fills a struct, and a task may have a field "Secrets" of its own.
type object map[string]json.RawMessage

// get decodes a member into a variable, numbers as json.Number. It changes
// nothing if the member is missing. Its error does not use the text of
// encoding/json, which may quote a value.
func (o object) get(name string, into any) error {
	raw, ok := o[name]
	if !ok {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if decoder.Decode(into) != nil {
		return fmt.Errorf("the context's %q is malformed", name)
	}
	return nil
}

// delivery says where the context came from. Only env has secrets in
// variables, and only files has them in a directory.
type delivery struct{ kind, directory string }

// parse reads a context as docs/context.schema.json describes it.
func parse(text []byte, from delivery) (*Context, error) {
	var document object
	if !utf8.Valid(text) || json.Unmarshal(text, &document) != nil {
		return nil, errors.New("the context is not a JSON object in UTF-8")
	}
	var version int
	if err := document.get("version", &version); err != nil || version != Version {
		return nil, fmt.Errorf("the context has an unsupported version: this program reads version %d", Version)
	}
	var metadata, spec object
	c := &Context{Spec: json.RawMessage("{}")}
	err := errors.Join(document.get("metadata", &metadata), document.get("spec", &spec))
	if spec != nil {
		c.Spec = document["spec"]
	}
	err = errors.Join(err, c.Metadata.fill(metadata), spec.get("parameters", &c.Parameters))
	if c.Parameters == nil {
		c.Parameters = map[string]any{}
	}
	secrets, secretsErr := document.secrets(from)
	if err := errors.Join(err, secretsErr); err != nil {
		return nil, err
	}
	c.keys = slices.Sorted(maps.Keys(secrets))
	c.secret = func(key string) (string, error) {
		match, ok := Match(c.keys, key)
		if !ok {
			return "", ErrNoSecret
		}
		return secrets[match], nil
	}
	return c, nil
}

func (m *Metadata) fill(metadata object) error {
	return errors.Join(
		metadata.get("name", &m.Name), metadata.get("uid", &m.UID), metadata.get("project", &m.Project),
		metadata.get("iteration", &m.Iteration),
		metadata.get("labels", &m.Labels), metadata.get("annotations", &m.Annotations))
}

// secrets returns every secret. It returns an error for one without a value,
// or with two.
func (o object) secrets(from delivery) (map[string]string, error) {
	secrets := map[string]string{}
	var wrong []error
	for _, place := range []struct {
		name  string
		value func(text string) (string, error)
	}{{"secrets", plainText}, {"secrets_base64", fromBase64}, {"secrets_env", from.variable}, {"secrets_files", from.file}} {
		var texts map[string]*string
		wrong = append(wrong, o.get(place.name, &texts))
		for _, key := range slices.Sorted(maps.Keys(texts)) {
			_, twice := secrets[key]
			value, err := "", errors.New("it has no value")
			if text := texts[key]; text != nil {
				value, err = place.value(*text)
			}
			if twice {
				err = errors.New("duplicate key")
			}
			if secrets[key] = value; err != nil {
				wrong = append(wrong, fmt.Errorf("the context's %s: secret %q: %w", place.name, key, err))
			}
		}
	}
	return secrets, errors.Join(wrong...)
}

func plainText(text string) (string, error) { return text, nil }

func fromBase64(text string) (string, error) {
	value, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return "", errors.New("it is not base64")
	}
	return string(value), nil
}

func (d delivery) variable(name string) (string, error) {
	if d.kind != "env" {
		return "", errors.New("only the env delivery has secrets in variables")
	}
	value, ok := os.LookupEnv(name)
	if !ok {
		return "", fmt.Errorf("variable %s is not set", name)
	}
	return value, nil
}

// file reads a regular file of the directory. It follows no link out of it.
func (d delivery) file(name string) (string, error) {
	if d.kind != "files" {
		return "", errors.New("only the files delivery has secrets in files")
	}
	if name == "" || name == ".." || filepath.Base(name) != name {
		return "", errors.New("it does not name a file of the delivery")
	}
	path := filepath.Join(d.directory, name)
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%q is not a regular file", name)
	}
	value, err := os.ReadFile(path)
	return string(value), err
}
