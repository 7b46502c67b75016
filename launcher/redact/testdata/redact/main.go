// Command redact copies standard input to standard output without the values that
// the file in its first argument has as lines.
package main

import (
	"bytes"
	"io"
	"os"

	"github.com/seed45446ece/launcher/launcher/redact"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

func run(file string) error {
	values, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	stream := redact.New(bytes.Split(values, []byte("\n"))).Stream()
	var out []byte
	in := make([]byte, 128<<10)
	for {
		n, err := os.Stdin.Read(in)
		out = stream.Append(out[:0], in[:n])
		if err != nil {
			out = stream.Flush(out)
		}
		if _, err := os.Stdout.Write(out); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
