package document

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProblemsOfADocumentAreInTheOrderOfTheirPlaces(t *testing.T) {
	at := func(origin string, line, column int) Position { return Position{origin, line, column} }
	var p Problems
	p.Add(at("a", 3, 1), "", "third")
	p.Add(at("b", 1, 1), "", "another document's")
	p.AddErr(errors.Join(&Problem{At: at("a", 1, 9), Message: "second"}, &Problem{At: at("a", 1, 2), Message: "first"}))
	p.AddErr(nil)
	p.Add(at("a", 3, 1), "do this", "and %s", "after it")
	require.EqualError(t, p.Err(), "a:1:2: first\na:1:9: second\na:3:1: third\na:3:1: and after it\nb:1:1: another document's")
	require.Len(t, Unjoin(p.Err()), 5)
	var empty Problems
	require.NoError(t, empty.Err())
}

func TestAProblemSaysItsPlaceAndWhatToDo(t *testing.T) {
	whole := &Problem{At: Position{Origin: "task.yaml"}, Message: "is empty", Advice: "fill it"}
	require.EqualError(t, whole, "task.yaml: is empty")
	require.Equal(t, "fill it", whole.Hint())
	require.EqualError(t, &Problem{At: Position{"task.yaml", 2, 7}, Message: "is odd"}, "task.yaml:2:7: is odd")
}

func TestUnjoinTakesJoinedErrorsApart(t *testing.T) {
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c")
	require.Equal(t, []error{a}, Unjoin(a))
	require.Equal(t, []error{a, b, c}, Unjoin(errors.Join(errors.Join(a, b), c)))
}

func TestTextAndTextsSayWhatIsThereInstead(t *testing.T) {
	node, err := Parse("o", []byte("[a, 1, true, !!binary aGk=]"))
	require.NoError(t, err)
	var p Problems
	require.Equal(t, []string{"a", "1", "true", "hi"}, p.Texts(node, "x"))
	require.NoError(t, p.Err())
	require.Equal(t, "a", p.Text(node.Items[0], "x"))

	node, err = Parse("o", []byte("[a, ~, [], {}, a, 1, '1', a=b, a=b]"))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "1", "a=b"}, p.Texts(node, "x"))
	require.Empty(t, p.Text(node, "y"))
	require.Empty(t, p.Texts(node.Items[0], "z"))
	p.Unknown(Field{Name: "kine=d", At: Position{"o", 9, 9}}, "w", "kind", "a")
	require.EqualError(t, p.Err(), strings.Join([]string{
		"o:1:1: y must be a string, not a list", "o:1:2: z must be a list, not a string", "o:1:5: x must hold strings, not null",
		"o:1:8: x must hold strings, not a list", "o:1:12: x must hold strings, not a map", `o:1:16: duplicate name "a" in x`,
		`o:1:22: duplicate name "1" in x`, `o:1:32: duplicate name "a…" in x`, `o:9:9: unknown field "kine…" in w`,
	}, "\n"))
}

// A list of as many names as a document can have takes seconds, not days.
func TestTextsOfALongList(t *testing.T) {
	list := &Node{Kind: List}
	for i := range 500_000 {
		list.Items = append(list.Items, &Node{Kind: String, Text: fmt.Sprintf("%032d", i)})
	}
	var p Problems
	require.Len(t, p.Texts(list, "x"), 500_000)
}

func TestChoice(t *testing.T) {
	for text, want := range map[string]string{"lines": "", "line": "did you mean lines?", "x": "use one of lines, dotenv", "": "use one of lines, dotenv"} {
		var p Problems
		require.Equal(t, text, p.Choice(&Node{Kind: String, Text: text}, "format", []string{"lines", "dotenv"}))
		if want == "" {
			require.NoError(t, p.Err())
			continue
		}
		var problem *Problem
		require.ErrorAs(t, p.Err(), &problem)
		require.Equal(t, want, problem.Hint())
		require.Equal(t, "unknown format", problem.Message)
	}
}
