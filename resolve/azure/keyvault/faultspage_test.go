package keyvault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
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
	leaks   []string
}

const (
	faultsPage   = "../../../docs/azure-faults.md"
	faultsGolden = "testdata/faults.txt" // every line that is printed
	handlerRan   = "the handler was started"
)

// TestFaults has everything that can go wrong at Azure go wrong. It compares every line
// that a user reads with testdata/faults.txt, and the short form of it with the page.
// UPDATE_DOCS=1 writes both.
func TestFaults(t *testing.T) {
	t.Parallel()
	sections := faultSections()
	outcomes := meetAll(t, sections)
	for path, text := range map[string]string{faultsGolden: faultsText(sections, outcomes), faultsPage: faultsTable(sections, outcomes)} {
		launchertest.RequireGenerated(t, path, text)
	}
}

// atOnce is how many launchers are run side by side: most do nothing but wait.
const atOnce = 16

// meetAll runs every fault in each form of the messages: no form holds a
// secret, and all say the same.
func meetAll(t *testing.T, sections []faultSection) map[string]outcome {
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
	o = outcome{status: cmd.ProcessState.ExitCode(), stdout: stdout.String(), leaks: azuretest.Leaks(stderr.String())}
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

// faultsText is the golden: of each fault the exit status and every line.
func faultsText(sections []faultSection, outcomes map[string]outcome) string {
	var text strings.Builder
	for _, f := range everyFault(sections) {
		o := outcomes[f.what]
		fmt.Fprintf(&text, "%s: %d\n", f.what, o.status)
		for _, line := range o.printed {
			fmt.Fprintf(&text, "\t%s\n", line)
		}
	}
	return text.String()
}

const faultsHead = `# Azure errors

Find the message that you see, or the fault that you expect. The launcher also prints a hint that says what to do.
Names are examples, and ID stands for a real ID. How long it retries is in [azure.md](azure.md#when-azure-fails).

- **124** is temporary: retrying may help. *Retried* means that the launcher itself retried until ` + "`--timeout`" + `.
- **125** is permanent: retrying does not help.
- **0** means that the handler started.

This page is generated by a test, which injects each fault into a fake Azure. Run
` + "`UPDATE_DOCS=1 go test ./resolve/azure/keyvault -run TestFaults`" + ` to write it again.
`

// faultsTable is the page: the status and the words of each message, and the faults that lead to it.
func faultsTable(sections []faultSection, outcomes map[string]outcome) string {
	var page strings.Builder
	page.WriteString(faultsHead)
	for _, s := range sections {
		fmt.Fprintf(&page, "\n## %s\n\n| fault | status | message |\n| --- | --- | --- |\n", s.title)
		var ends []string
		faults := map[string][]string{}
		for _, f := range s.faults {
			end := f.end(outcomes[f.what])
			if faults[end] == nil {
				ends = append(ends, end)
			}
			faults[end] = append(faults[end], f.what)
		}
		for _, end := range ends {
			fmt.Fprintf(&page, "| %s | %s |\n", strings.Join(faults[end], "; "), end)
		}
	}
	return page.String()
}

// end returns the last two columns of the fault's row.
func (f fault) end(o outcome) string {
	status := fmt.Sprint(o.status)
	if f.brief && o.status != 0 {
		status += ", retried"
	}
	if len(o.printed) == 0 {
		return status + " | none"
	}
	words := beforeOwnWords.ReplaceAllString(o.printed[0], "$1")
	return status + " | `" + strings.ReplaceAll(anID.ReplaceAllString(words, "ID"), "|", `\|`) + "`"
}

var (
	// beforeOwnWords is what every message begins with: the program, the key or the flag, and the place.
	beforeOwnWords = regexp.MustCompile(`^launcher: (warning: )?((secret "[^"]*"|--secrets azure_vault): )?(azure_vault: )?(vault "[a-z-]*": )?(secret "[^"]*": )?`)
	anID           = regexp.MustCompile(`"?\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b"?`)
)
