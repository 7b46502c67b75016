package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// LoadYAML returns the library's nodes of the YAML documents of a text, without
// those that are empty. It refuses a text that would cost the library too much
// memory or time, and the characters that end a line in YAML 1.1 and not in 1.2,
// as the library makes a blank of one inside of a string. Aliases are not
// unfolded. The problem holds none of the text.
func LoadYAML(origin string, text []byte) (documents []*yaml.Node, problem *Problem) {
	whole := Position{Origin: origin}
	switch {
	case len(text) > maxYAML:
		return nil, &Problem{whole, fmt.Sprintf("is YAML of more than %d MiB", maxYAML>>20), "give it as JSON"}
	case countYAMLValues(text) > maxNodes:
		return nil, &Problem{whole, fmt.Sprintf("may hold more than %d values, too many for YAML", maxNodes), "give it as JSON"}
	}
	if i := bytes.IndexAny(text, "\u0085\u2028\u2029"); i >= 0 {
		return nil, &Problem{place(origin, text, i), "not valid YAML: a line break that YAML 1.1 and 1.2 read differently",
			`write it as "\u0085", "\u2028" or "\u2029", in double quotes`}
	}
	defer func() {
		if recover() != nil { // the library's text for what it holds to be impossible may quote the document
			documents, problem = nil, &Problem{At: whole, Message: "not valid YAML"}
		}
	}()
	loader, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(2*maxDepth))))
	for err == nil {
		var document yaml.Node
		if err = loader.Load(&document); err == nil && len(document.Content) > 0 {
			documents = append(documents, &document)
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, yamlProblem(origin, text, err)
	}
	return documents, nil
}

// yamlProblem returns a Problem with the place and, if it is one of the library's
// fixed sentences, the reason. Other messages quote the document.
func yamlProblem(origin string, text []byte, err error) *Problem {
	p := &Problem{At: Position{Origin: origin}, Message: "not valid YAML"}
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return p
	}
	p.At.Line, p.At.Column = load.Mark.Line, load.Mark.Column
	if end := place(origin, text, len(text)); end.before(p.At) {
		p.At = end // the library adds a line end
	}
	switch {
	case load.Stage == yaml.ReaderStage:
		p.At = place(origin, text, load.Mark.Index)
		p.Message += ": a character that YAML does not allow"
	case strings.HasPrefix(load.Message, "found character '"): // and goes on with the character
		p.Message += ": found a character that is not allowed in a tag"
		p.Advice = adviseQuote
	case strings.HasPrefix(load.Message, "exceeded max depth"): // the library's depth is not ours
		p.Message = limits
	case load.Stage == yaml.ScannerStage, load.Stage == yaml.ParserStage:
		p.Message += ": " + load.Message
	case load.Stage == yaml.ComposerStage:
		p.Message += ": an alias (*) of a missing anchor (&)"
		p.Advice = "quote a value that starts with *"
	}
	return p
}

const adviseQuote = "quote a value that starts with !"
