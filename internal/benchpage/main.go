// Command benchpage reads the output of "go test -bench" on standard input. It
// writes docs/benchmarks.md from the template page.md, and docs/benchmarks.json,
// the bars of the page's picture. It refuses a page that names a figure which was
// not measured.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

//go:embed page.md
var page string

func main() {
	if err := write(os.Stdin, "docs/benchmarks.md", "docs/benchmarks.json"); err != nil {
		fmt.Fprintln(os.Stderr, "benchpage:", err)
		os.Exit(1)
	}
}

func write(in io.Reader, pagePath, barsPath string) error {
	r, err := parse(in)
	if err != nil {
		return err
	}
	text, err := r.render(page)
	if err != nil {
		return err
	}
	bars, err := r.bars()
	if err != nil {
		return err
	}
	if err := os.WriteFile(pagePath, text, 0o644); err != nil {
		return err
	}
	return os.WriteFile(barsPath, bars, 0o644)
}

func (r *results) render(page string) ([]byte, error) {
	parsed, err := template.New("page").Funcs(template.FuncMap{
		"figure": r.figure, "rows": r.rows, "processors": runtime.NumCPU,
		"sub": func(a, b float64) float64 { return a - b },
	}).Parse(page)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, r)
	return out.Bytes(), err
}

// bar is one program in the picture.
type bar struct {
	Program string  `json:"program"`
	Ratio   float64 `json:"ratio"` // to a Go program that only execs
}

// bars returns the data of the picture, the fastest program first.
func (r *results) bars() ([]byte, error) {
	peers, err := r.rows("Peers")
	if err != nil {
		return nil, err
	}
	bars := []bar{{"Go, exec and nothing else", 1}}
	for _, peer := range peers {
		ratio, err := strconv.ParseFloat(fmt.Sprintf("%.2f", peer.Figure("ratio")), 64) // as the page has it
		if err != nil {
			return nil, err
		}
		bars = append(bars, bar{peer.Param("of"), ratio})
	}
	slices.SortFunc(bars, func(a, b bar) int { return cmp.Compare(a.Ratio, b.Ratio) })
	return json.MarshalIndent(map[string]any{
		"title": "Time to start /bin/true with ten local secrets",
		"note":  "As a multiple of a Go program that only execs. Bars over 10 are cut.",
		"limit": 10, "rows": bars,
	}, "", "  ")
}

// results holds every figure that was measured, by benchmark and unit.
type results struct {
	CPU     string
	names   []string // of the benchmarks, in the order of their first line
	figures map[string]map[string][]float64
}

// processorCount is what testing adds to a name.
var processorCount = regexp.MustCompile(`-\d+$`)

// parse reads lines such as
//
//	BenchmarkStart/via=lines-2  100  1.80 ms-bare  2.92 ms-launcher
func parse(in io.Reader) (*results, error) {
	r := &results{figures: map[string]map[string][]float64{}}
	scanner := bufio.NewScanner(in)
	for scanner.Scan() {
		if cpu, ok := strings.CutPrefix(scanner.Text(), "cpu: "); ok {
			r.CPU = cpu
		}
		fields := strings.Fields(scanner.Text())
		name, ok := "", len(fields) > 2
		if ok {
			name, ok = strings.CutPrefix(fields[0], "Benchmark")
		}
		if !ok {
			continue
		}
		name = processorCount.ReplaceAllString(name, "")
		if err := r.add(name, fields[2:]); err != nil {
			return nil, err
		}
	}
	return r, scanner.Err()
}

func (r *results) add(name string, pairs []string) error {
	if r.figures[name] == nil {
		r.names = append(r.names, name)
		r.figures[name] = map[string][]float64{}
	}
	for pair := range slices.Chunk(pairs, 2) {
		value, err := strconv.ParseFloat(pair[0], 64)
		if err != nil || len(pair) < 2 {
			return fmt.Errorf("%s: %q is not a figure with its unit", name, pair)
		}
		r.figures[name][pair[1]] = append(r.figures[name][pair[1]], value)
	}
	return nil
}

// figure returns the median over the runs of a benchmark.
func (r *results) figure(name, unit string) (float64, error) {
	values := slices.Clone(r.figures[name][unit])
	if len(values) == 0 {
		return 0, fmt.Errorf("%s: no figure with the unit %q was measured", name, unit)
	}
	slices.SortFunc(values, cmp.Compare)
	return values[len(values)/2], nil
}

// row is one sub-benchmark, such as Fleet/pods=10/of=launcher.
type row struct {
	results *results
	name    string
}

// Value returns what follows the first "=": "10/of=launcher".
func (r row) Value() string {
	_, value, _ := strings.Cut(r.name, "=")
	return value
}

// Param returns the value of a parameter: "launcher" for "of".
func (r row) Param(key string) string {
	for part := range strings.SplitSeq(r.name, "/") {
		if value, ok := strings.CutPrefix(part, key+"="); ok {
			return value
		}
	}
	return ""
}

// Figure returns the median of a row, 0 if the row has no such figure.
func (r row) Figure(unit string) float64 {
	value, _ := r.results.figure(r.name, unit)
	return value
}

// rows returns the sub-benchmarks of a name, as they were measured.
func (r *results) rows(name string) (rows []row, err error) {
	for _, full := range r.names {
		if strings.HasPrefix(full, name+"/") {
			rows = append(rows, row{r, full})
		}
	}
	if rows == nil {
		err = fmt.Errorf("%s: nothing was measured", name)
	}
	return rows, err
}
