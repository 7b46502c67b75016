package mutation

import (
	"encoding/json"
	"strconv"
	"strings"
)

// shape is one way in which people write a task or a secrets file.
type shape struct {
	name   string
	format Format
	file   string
	write  func(w *writer)
}

func asItIs(text string) string { return text }
func single(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
func quoted(text string) string { encoded, _ := json.Marshal(text); return string(encoded) }

var taskShapes = []shape{
	{"flow", Task, "task.yaml", func(w *writer) {
		w.write("spec:\n  secret_sources:\n  - kind: inline\n    source: {")
		w.pair("DB_USER", ": ", w.token(), asItIs)
		w.write(", ")
		w.pair("DB_PASSWORD", ": ", w.token(), asItIs)
		w.write(", ")
		w.pair("API_TOKEN", ": ", w.any(), quoted)
		w.write("}\n")
	}},
	{"block", Task, "task.yaml", func(w *writer) {
		w.write("metadata: {name: train, project: fraud}\nspec:\n  parameters: {rate: 0.5}\n  secret_sources:\n  - kind: inline\n    source:\n")
		w.pair("      DB_USER", ": ", w.token(), asItIs)
		w.write("\n")
		w.pair("      DB_PASSWORD", ": ", w.any(), single)
		w.write("\n")
		w.pair("      API_TOKEN", ": ", w.any(), quoted)
		w.write("\n  - {kind: kubernetes, source: [NAME], optional: true}\n")
	}},
	{"JSON", Task, "task.json", func(w *writer) {
		w.write("{\n  \"spec\": {\n    \"secret_sources\": [\n      {\"kind\": \"inline\", \"source\": {\n        ")
		w.pair(`"DB_USER"`, ": ", w.any(), quoted)
		w.write(",\n        ")
		w.pair(`"DB_PASSWORD"`, ": ", w.any(), quoted)
		w.write(",\n        ")
		w.pair(`"API_TOKEN"`, ": ", w.token(), quoted)
		w.write("\n      }}\n    ]\n  }\n}\n")
	}},
	{"JSON in one line", Task, "task.yaml", func(w *writer) {
		w.write(`{"spec":{"secret_sources":[{"kind":"inline","source":{`)
		w.pair(`"DB_USER"`, ":", w.token(), quoted)
		w.write(",")
		w.pair(`"DB_PASSWORD"`, ":", w.any(), quoted)
		w.write(`}}]}}`)
	}},
	{"literal", Task, "task.yaml", func(w *writer) {
		w.write("spec:\n  secret_sources:\n  - {kind: inline, source: \"{")
		w.pair("'DB_USER'", ": ", w.token(), func(s string) string { return "'" + s + "'" })
		w.write(", ")
		w.pair("'DB_PASSWORD'", ": ", w.token(), func(s string) string { return "'" + s + "'" })
		w.write("}\"}\n")
	}},
	{"lines of a block", Task, "task.yaml", func(w *writer) {
		w.write("spec:\n  secret_sources:\n  - kind: inline\n    source:\n      ")
		pem := w.pem(150)
		w.entry(value{key: "TLS_KEY", text: pem, secret: true}, "TLS_KEY: |-\n", "        "+strings.ReplaceAll(pem, "\n", "\n        "))
		w.write("\n")
		w.pair("      DB_PASSWORD", ": ", w.token(), asItIs)
		w.write("\n")
	}},
	{"lines in a flow", Task, "task.yaml", func(w *writer) {
		w.write("spec:\n  secret_sources: [\n    {kind: inline, source: {\n      ")
		w.pair("DB_USER", ": ", w.token(), asItIs)
		w.write(",\n      ")
		w.pair("DB_PASSWORD", ": ", w.any(), single)
		w.write("}},\n    {kind: kubernetes, source: [NAME, OTHER], optional: true}]\n")
	}},
}

var fileShapes = []shape{
	{"lines", Lines, "secrets.txt", func(w *writer) {
		w.write("# of the job\n")
		w.pair("DB_USER", "=", w.any(), asItIs)
		w.write("\n")
		w.pair("DB_PASSWORD", "=", w.password(), asItIs)
		w.write("\n\n")
		w.pair("API_TOKEN", " = ", w.token(), asItIs)
		w.write("\n")
		w.pair("SIGNATURE", "=", w.keystore(24), asItIs)
		w.write("\nEMPTY=\n")
		w.values = append(w.values, value{key: "EMPTY", from: len(w.text) - 7, at: len(w.text) - 1, end: len(w.text) - 1})
		w.pair("LAST", "=", w.token(), asItIs)
		w.write("\n")
	}},
	{"wrapped in lines", Lines, "secrets.txt", func(w *writer) {
		w.wrapped("KEYSTORE", "=", w.keystore(100), []int{64, 76}[w.random.IntN(2)])
	}},
	{"PEM in lines", Lines, "secrets.txt", func(w *writer) {
		pem := w.pem(90)
		w.pair("DB_USER", "=", w.token(), asItIs)
		w.write("\n")
		w.entry(value{key: "TLS_KEY", text: pem, secret: true, broken: true}, "TLS_KEY=", pem)
		w.write("\n")
	}},
	{"dotenv", Dotenv, "job.env", func(w *writer) {
		w.write("# of the job\n")
		w.pair("DB_USER", "=", w.token(), asItIs)
		w.write(" # who\nexport ")
		w.pair("DB_PASSWORD", "=", w.any(), func(s string) string { return "'" + s + "'" })
		w.write("\n")
		w.pair("API_TOKEN", "=", w.token()+" "+w.letters(9), strconv.Quote)
		w.write("\n\n")
		w.pair("LAST", "=", w.token(), asItIs)
		w.write("\n")
	}},
	{"PEM in dotenv", Dotenv, "job.env", func(w *writer) {
		w.pair("DB_USER", "=", w.token(), asItIs)
		w.write("\n")
		w.pair("TLS_KEY", "=", w.pem(90), func(s string) string { return `"` + s + `"` })
		w.write("\n")
		w.pair("KEYSTORE", "=", wrap(w.keystore(90), 64), func(s string) string { return "'" + s + "'" })
		w.write("\n")
		w.pair("LAST", "=", w.token(), asItIs)
		w.write("\n")
	}},
	{"wrapped in dotenv", Dotenv, "job.env", func(w *writer) {
		w.wrapped("KEYSTORE", "=", w.keystore(100), []int{64, 76}[w.random.IntN(2)])
	}},
}

// wrapped writes base64 over several lines without quotes, among other values.
func (w *writer) wrapped(key, between, base64 string, width int) {
	w.pair("DB_USER", "=", w.token(), asItIs)
	w.write("\n")
	lines := wrap(base64, width)
	w.entry(value{key: key, text: base64, secret: true, broken: strings.Contains(lines, "\n")}, key+between, lines)
	w.write("\n")
	w.pair("LAST", "=", w.token(), asItIs)
	w.write("\n")
}
