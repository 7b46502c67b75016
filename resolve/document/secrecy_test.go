package document_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

func TestANodePrintsItsKindAndPlaceAndNoText(t *testing.T) {
	const c = "c4NryXq7zK"
	node, err := document.Parse("o", []byte("a: {"+c+": ["+c+", 1]}\nb: '"+c+"'"))
	require.NoError(t, err)
	type holder struct { // an unexported field would print, which no method of a node can help
		Node  *document.Node
		Value document.Node
		Field document.Field
		Nodes []*document.Node
	}
	scalar := node.Fields[1].Value
	for _, v := range []any{node, *node, scalar, *scalar, []document.Node{*scalar}, map[string]document.Node{"k": *scalar}, holder{scalar, *scalar, node.Fields[1], []*document.Node{scalar}}} {
		sourcetest.RequireHidden(t, sourcetest.Printed(v), c)
	}
	require.Contains(t, sourcetest.Printed(node), "a map at o:1:1")
	require.NotPanics(t, func() { sourcetest.Printed((*document.Node)(nil)) })
}

// canary stands for each of a document's values, in whatever way it is broken.
const canary = "C4n4ry"

var canaries = []string{
	"a: C4n4ry\nb: 'C4n4ry'\nc: \"C4n4ry\"\nd: |\n  C4n4ry\n  C4n4ry\ne: [C4n4ry, !!int C4n4ry, *C4n4ry]\n",
	"a: &C4n4ry C4n4ry\nb: *C4n4ry\nc: !C4n4ry C4n4ry\nd: !!binary C4n4ry\ne: !!bool C4n4ry\n",
	"{\"a\": \"C4n4ry\", \"b\": [\"C4n4ry\", {\"c\": \"C4n4ry\\ud800\"}], \"d\": C4n4ry}",
	"{a: C4n4ry, b: [C4n4ry, 'C4n4ry'], c: {<<: C4n4ry}}",
	"%TAG !C4n4ry! C4n4ry\n---\na: !C4n4ry!C4n4ry C4n4ry\n--- C4n4ry\n",
	"a: @C4n4ry\nb: C4n4ry: C4n4ry\n\tc: C4n4ry\n- C4n4ry\n? C4n4ry\n",
}

func TestNoErrorHoldsAPieceOfTheDocument(t *testing.T) {
	for _, text := range canaries {
		for i := range len(text) {
			for _, change := range []string{"", "'", `"`, `\`, "\x00", "\xff", "{", "]", ":", "*", "!", "&", "|", "\n", "\t", "%", "\u2028", "\x01", "=", "#"} {
				for _, broken := range []string{text[:i] + change, text[:i] + change + text[i+1:], text[:i] + change + text[i:]} {
					node, err := document.Parse("o", []byte(broken))
					if err == nil {
						_, err = node.AppendJSON(nil)
					}
					if err != nil {
						for piece := range strings.SplitSeq(hinted(err), "\n") {
							require.NotContains(t, piece, canary, "%q", broken)
							require.NotContains(t, piece, canary[:4], "%q", broken)
						}
					}
				}
			}
		}
	}
}

// hinted is an error's text with its hints.
func hinted(err error) string {
	text := err.Error()
	for _, e := range document.Unjoin(err) {
		if h, ok := e.(interface{ Hint() string }); ok {
			text += "\n" + h.Hint()
		}
	}
	return text
}
