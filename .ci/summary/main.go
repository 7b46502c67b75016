// Command summary reads the events of "go test -json". It prints a line for each
// package as the package ends, everything that a failing package printed, and at
// the end what the tests had to skip.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// event is a line of input; cmd/test2json documents it. An event without a
// package comes from a build that failed.
type event struct {
	Action, Package, Test, Output string
}

// summary collects what was printed until it is needed.
type summary struct {
	out     io.Writer
	printed map[string]string // by package
	lacks   map[string]bool
}

var (
	noise   = regexp.MustCompile(`^ *(=== |--- PASS|\?  )|^PASS$`)
	lacking = regexp.MustCompile(`^ +[a-z0-9_]+\.go:[0-9]+: .*lacks: (.*)`)
	ended   = regexp.MustCompile(`(?m)^ok  \t.*\n`)
)

func main() {
	s := summary{out: os.Stdout, printed: map[string]string{}, lacks: map[string]bool{}}
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadString('\n')
		s.read(line)
		if err != nil { // the end
			break
		}
	}
	s.end()
}

// read handles one line. Anything that is not an event is printed as it is.
func (s *summary) read(line string) {
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		fmt.Fprint(s.out, line)
		return
	}
	if e.Package == "" {
		fmt.Fprint(s.out, e.Output)
		return
	}
	if found := lacking.FindStringSubmatch(e.Output); found != nil {
		s.lacks[found[1]] = true
	}
	if !noise.MatchString(e.Output) {
		s.printed[e.Package] += e.Output
	}
	if e.Test != "" {
		return
	}
	switch e.Action {
	case "pass":
		fmt.Fprint(s.out, ended.FindString(s.printed[e.Package]))
		delete(s.printed, e.Package)
	case "fail":
		fmt.Fprint(s.out, s.printed[e.Package])
		delete(s.printed, e.Package)
	}
}

// end prints the output of packages that never ended, and what the machine lacks.
func (s *summary) end() {
	for _, name := range slices.Sorted(maps.Keys(s.printed)) {
		fmt.Fprint(s.out, s.printed[name])
	}
	if len(s.lacks) > 0 {
		fmt.Fprintf(s.out, "\nNot tested, as this machine lacks:\n  %s\n", strings.Join(slices.Sorted(maps.Keys(s.lacks)), "\n  "))
	}
}
