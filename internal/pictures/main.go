// Command pictures draws the pictures of the documentation as SVG files, in the folder
// that it is given. It reads docs/benchmarks.json for the bars and nothing else, so that
// the same input gives the same bytes. "make docs" runs it.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pictures FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

// write draws all pictures into a folder that has benchmarks.json.
func write(folder string) error {
	drawn, err := draw(filepath.Join(folder, "benchmarks.json"))
	if err != nil {
		return err
	}
	for name, text := range drawn {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// draw returns the text of each picture by its name.
func draw(benchmarks string) (map[string]string, error) {
	bars, err := bars(benchmarks)
	if err != nil {
		return nil, err
	}
	return map[string]string{"flow.svg": flow(), "pid1.svg": pid1(), "benchmarks.svg": bars}, nil
}
