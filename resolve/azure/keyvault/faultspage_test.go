package keyvault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/internal/azuretest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// fault is one thing that goes wrong, and a run that meets it.
type fault struct {
	what   string // as whoever looks for it would say it
	flags  []string
	faults []fake.Fault
	pod    func(*azuretest.Pod) error // changes files or variables
	brief  bool                       // nothing but the deadline ends it: let that be soon
}

// outcome is what became of a run.
type outcome struct {
	printed []string // without what is different on each machine
	status  int
	stdout  string
	took    time.Duration
	leaks   []string
}

const (
	faultsPage = "../../../docs/azure-faults.md"
	handlerRan = "the handler was started"
)

// TestFaults has everything that can go wrong at Azure go wrong, and compares
// what a user is told with the page that a user can read. UPDATE_DOCS=1 writes
// the page; what took how long is written and not compared.
func TestFaults(t *testing.T) {
	update := os.Getenv("UPDATE_DOCS") != ""
	if !update {
		t.Parallel()
	}
	sections := faultSections()
	outcomes := meetAll(t, sections, update)
	page := faultsText(sections, outcomes)
	if update {
		require.NoError(t, os.WriteFile(faultsPage, []byte(page), 0o644))
	}
	want := slices.Collect(strings.Lines(withoutTimes(launchertest.ReadFile(t, faultsPage))))
	got := slices.Collect(strings.Lines(withoutTimes(page)))
	require.Equal(t, want, got, "UPDATE_DOCS=1 writes the page; read the difference")
}

// atOnce is how many launchers are run side by side: most do nothing but wait.
const atOnce = 16

// meetAll runs every fault in each form of the messages: no form holds a
// secret, and all say the same. What is to be timed runs alone.
func meetAll(t *testing.T, sections []faultSection, timed bool) map[string]outcome {
	t.Helper()
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	var mu sync.Mutex
	outcomes := map[string]outcome{}
	for _, log := range []string{"", "text", "json"} {
		for _, f := range everyFault(sections) {
			slots <- struct{}{}
			dir := t.TempDir()
			all.Go(func() {
				defer func() { <-slots }()
				o, err := f.meet(dir, log)
				mu.Lock()
				defer mu.Unlock()
				outcomes[f.what+log] = o
				if err != nil {
					t.Errorf("%s: %v", f.what, err)
				}
			})
			if timed && log == "" {
				all.Wait()
			}
		}
	}
	all.Wait()
	for _, f := range everyFault(sections) {
		plain := outcomes[f.what]
		require.Equal(t, plain.status == 0, plain.stdout == handlerRan+"\n", f.what)
		require.Equal(t, plain.status == 0, len(plain.printed) == 0 || strings.HasPrefix(plain.printed[0], "launcher: warning: "), f.what)
		for _, log := range []string{"", "text", "json"} {
			o := outcomes[f.what+log]
			require.Empty(t, o.leaks, "%s: %s: a secret is in what is printed", f.what, log)
			require.Equal(t, plain.status, o.status, "%s: %s", f.what, log)
			require.Subset(t, o.printed, plain.printed, "%s: %s", f.what, log)
		}
	}
	return outcomes
}

func everyFault(sections []faultSection) (all []fault) {
	for _, s := range sections {
		all = append(all, s.faults...)
	}
	return all
}

// meet runs the launcher with the fault; log is the form of its messages at top
// verbosity, "" what a user sees by default.
func (f fault) meet(dir, log string) (o outcome, err error) {
	pod, err := azuretest.StartPod(dir, func(c *fake.Config) { c.Faults = f.faults })
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, pod.Close()) }()
	if f.pod != nil {
		if err := f.pod(pod); err != nil {
			return o, err
		}
	}
	timeout := "40s"
	if f.brief {
		timeout = "2s"
	}
	flags := append(slices.Clone(f.flags), "--timeout", timeout)
	if log != "" {
		flags = append(flags, "--verbose", "--log", log)
	}
	cmd := exec.Command(launchertest.Path("launcher"), pod.Args("run", flags, "echo", handlerRan)...)
	cmd.Env = append(pod.Env, "PATH="+os.Getenv("PATH"), "KUBERNETES_SERVICE_HOST=10.0.0.1")
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	from := time.Now()
	err = cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		err = nil
	}
	o = outcome{status: cmd.ProcessState.ExitCode(), stdout: stdout.String(), took: time.Since(from), leaks: azuretest.Leaks(stderr.String())}
	o.printed = printed(stderr.String(), strings.NewReplacer(pod.Credentials, "/root/.mlrun/azure_vault", dir, "/DIR",
		"clock says "+from.UTC().Format(time.DateOnly), "clock says 2026-01-31",
		strings.TrimPrefix(pod.Proxy, "http://"), "PROXY"))
	for i := range o.printed { // or the last of its tries came first
		if f.brief {
			o.printed[i] = strings.TrimSuffix(o.printed[i], ", until the deadline")
		}
	}
	return o, err
}

// printed is the lines of the messages, in text whatever their form.
func printed(stderr string, same *strings.Replacer) (lines []string) {
	for line := range strings.Lines(stderr) {
		var message struct{ Level, Message, Hint string }
		line = same.Replace(strings.TrimSuffix(line, "\n"))
		if json.Unmarshal([]byte(line), &message) != nil {
			lines = append(lines, line)
			continue
		}
		if message.Level == "warning" {
			message.Message = "warning: " + message.Message
		}
		lines = append(lines, "launcher: "+message.Message)
		if message.Hint != "" {
			lines = append(lines, "hint: "+message.Hint)
		}
	}
	return lines
}

const faultsHead = `# What is printed when Azure says no

Generated by ` + "`UPDATE_DOCS=1 go test ./resolve/azure/keyvault -run TestFaults`" + `; do not edit. Each fault is injected into a
fake Entra and Key Vault on loopback, and the table shows what the launcher prints. Status 124 means that a retry may help,
125 that it will not, and 0 that the handler started. *deadline* means that the launcher retried until its
` + "`--timeout`" + `, which is 2 s here.
`

// faultsText is the page.
func faultsText(sections []faultSection, outcomes map[string]outcome) string {
	var page strings.Builder
	page.WriteString(faultsHead)
	for _, s := range sections {
		fmt.Fprintf(&page, "\n## %s\n\n| what is wrong | status | took | what is printed |\n| --- | --- | --- | --- |\n", s.title)
		for _, f := range s.faults {
			o := outcomes[f.what]
			took := fmt.Sprintf("%.2f s", o.took.Seconds())
			if f.brief {
				took = "deadline"
			}
			lines := []string{}
			if len(o.printed) == 0 {
				lines = append(lines, "nothing")
			}
			for _, line := range o.printed {
				lines = append(lines, "`"+strings.ReplaceAll(line, "|", `\|`)+"`")
			}
			fmt.Fprintf(&page, "| %s | %d | %s | %s |\n", f.what, o.status, took, strings.Join(lines, "<br>"))
		}
	}
	return page.String()
}

// withoutTimes is the page without its third column.
func withoutTimes(page string) string {
	var lines []string
	for line := range strings.Lines(page) {
		if cells := strings.SplitN(line, " | ", 4); len(cells) == 4 {
			line = cells[0] + " | " + cells[1] + " | " + cells[3]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "")
}
