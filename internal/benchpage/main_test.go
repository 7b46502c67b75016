package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const output = `goos: linux
cpu: Some Processor
BenchmarkStart/via=lines-2   100   1.80 ms-bare   2.90 ms-launcher
BenchmarkStart/via=lines-2   100   1.70 ms-bare   3.10 ms-launcher
BenchmarkStart/via=lines-2   100   1.90 ms-bare   3.00 ms-launcher
BenchmarkStart/via=dotenv-2  100   2.00 ms-bare   4.00 ms-launcher
PASS
`

func render(t *testing.T, page string) (string, error) {
	t.Helper()
	r, err := parse(strings.NewReader(output))
	require.NoError(t, err)
	text, err := r.render(page)
	return string(text), err
}

func TestAFigureIsTheMedianOfItsRuns(t *testing.T) {
	got, err := render(t, `{{.CPU}}: {{figure "Start/via=lines" "ms-launcher"}} {{printf "%.2f" (sub 3.0 1.5)}}`)
	require.NoError(t, err)
	require.Equal(t, "Some Processor: 3 1.50", got)
}

func TestRowsKeepTheirOrder(t *testing.T) {
	got, err := render(t, `{{range rows "Start"}}{{.Value}} {{.Figure "ms-bare"}}; {{end}}`)
	require.NoError(t, err)
	require.Equal(t, "lines 1.8; dotenv 2; ", got)
}

func TestParametersOfARow(t *testing.T) {
	r := row{name: "Fleet/pods=10/of=launcher"}
	require.Equal(t, []string{"10", "launcher", ""}, []string{r.Param("pods"), r.Param("of"), r.Param("x")})
}

func TestThePageIsATemplate(t *testing.T) {
	_, err := render(t, page)
	require.ErrorContains(t, err, "Peers: nothing was measured")
}

func TestAFigureThatWasNotMeasuredIsRefused(t *testing.T) {
	_, err := render(t, `{{figure "Start/via=lines" "MiB"}}`)
	require.ErrorContains(t, err, `Start/via=lines: no figure with the unit "MiB" was measured`)
	_, err = render(t, `{{rows "Stop"}}`)
	require.ErrorContains(t, err, "Stop: nothing was measured")
	_, err = parse(strings.NewReader("BenchmarkA-2 1 x ms\n"))
	require.ErrorContains(t, err, `A: ["x" "ms"] is not a figure with its unit`)
}

func TestBarsAreSorted(t *testing.T) {
	r, err := parse(strings.NewReader("BenchmarkPeers/of=slow-2 1 4.567 ratio\nBenchmarkPeers/of=fast-2 1 0.5 ratio\n"))
	require.NoError(t, err)
	bars, err := r.bars()
	require.NoError(t, err)
	require.Regexp(t, `(?s)fast.*0\.5.*Go, exec.*1.*slow.*4\.57`, string(bars))
}
