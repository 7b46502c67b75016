package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// outputs collects from the logs where the handlers wrote their results.json. Whole
// lines arrive one at a time.
type outputs struct {
	to    io.Writer
	mu    sync.Mutex
	paths map[string]string // by the prefix of a pod's lines; the last counts
}

// outputsLine is the line that the Python runner writes at its end.
var outputsLine = regexp.MustCompile(`^(\[[^\]]*\] )?launcher: outputs: (/.*/results\.json)(?: \(.*\))?\r?\n?$`)

// Write passes text on.
func (o *outputs) Write(text []byte) (int, error) {
	if found := outputsLine.FindSubmatch(text); found != nil {
		o.mu.Lock()
		o.paths[string(found[1])] = string(found[2])
		o.mu.Unlock()
	}
	return o.to.Write(text)
}

// showResults shows the results that the logs name, or says where they are.
func (r run) showResults(o *outputs, pod *corev1.PodSpec) {
	if r.report.Quiet || pod == nil {
		return
	}
	o.mu.Lock() // after a second signal, logs may still arrive
	defer o.mu.Unlock()
	for _, file := range slices.Compact(slices.Sorted(maps.Values(o.paths))) {
		m := mountOf(pod, r.Container, path.Clean(file))
		text, err := m.read(r.Manifest.CreationTimestamp.Time)
		var table []string
		if err == nil {
			table, err = resultsTable(text)
		}
		if err != nil {
			r.report.Message(cli.LevelInfo, m.where(), m.advice())
			continue
		}
		r.report.Message(cli.LevelInfo, "outputs: "+m.onHost(), "")
		for _, line := range table {
			r.report.Message(cli.LevelInfo, line, "")
		}
	}
}

// mount is where a file of a pod is.
type mount struct {
	file   string         // in the container
	volume *corev1.Volume // nil if the file is in the container's own file system
	inside string         // the file's path from the volume's root; "" if it is unknown
}

// mountOf returns the container's deepest mount that has the file.
func mountOf(pod *corev1.PodSpec, container, file string) mount {
	found, depth := mount{file: file}, 0
	i := slices.IndexFunc(pod.Containers, func(c corev1.Container) bool { return c.Name == container })
	if i < 0 {
		return found
	}
	for _, m := range pod.Containers[i].VolumeMounts {
		at := path.Clean(m.MountPath)
		below, ok := strings.CutPrefix(file, strings.TrimSuffix(at, "/")+"/")
		i := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		if !ok || i < 0 || len(at) <= depth {
			continue
		}
		depth = len(at)
		found.volume, found.inside = &pod.Volumes[i], path.Join(m.SubPath, below)
		if m.SubPathExpr != "" {
			found.inside = ""
		}
	}
	return found
}

// maxResults is the longest results.json that is shown, in bytes.
const maxResults = 4 << 20

var errNotHere = errors.New("not on this machine")

// read returns the file, if this machine has it: from a hostPath, and no older than
// the Job, as a folder of that path may also be here and on the node.
func (m mount) read(since time.Time) ([]byte, error) {
	if m.volume == nil || m.volume.HostPath == nil || m.inside == "" {
		return nil, errNotHere
	}
	root, err := os.OpenRoot(m.volume.HostPath.Path) // no link leads out of it
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	inside := filepath.FromSlash(m.inside)
	info, err := root.Lstat(inside)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxResults || info.ModTime().Before(since) {
		return nil, errNotHere
	}
	return root.ReadFile(inside)
}

func (m mount) onHost() string { return path.Join(m.volume.HostPath.Path, m.inside) }

// where says where the file is, if it cannot be shown.
func (m mount) where() string {
	switch v := m.volume; {
	case v == nil:
		return fmt.Sprintf("outputs: %s was in the container's own file system, and is lost", keyname.Plain(m.file))
	case v.EmptyDir != nil:
		return fmt.Sprintf("outputs: %s was in the emptyDir volume %q, and is lost with the pod", keyname.Plain(m.file), v.Name)
	case v.PersistentVolumeClaim != nil:
		return fmt.Sprintf("outputs: %s of the persistent volume claim %q", m.inVolume(), v.PersistentVolumeClaim.ClaimName)
	case v.HostPath != nil && m.inside != "":
		return fmt.Sprintf("outputs: %s on the node", keyname.Plain(m.onHost()))
	}
	return fmt.Sprintf("outputs: %s of the volume %q", m.inVolume(), m.volume.Name)
}

// inVolume returns the file's path in the volume, as far as it is known.
func (m mount) inVolume() string {
	if m.inside == "" {
		return keyname.Plain(m.file) + " in the pod, in a subPathExpr"
	}
	return keyname.Plain(m.inside)
}

func (m mount) advice() string {
	if m.volume == nil || m.volume.EmptyDir != nil {
		return "mount a persistent volume at the task's output_path: --volume pvc/NAME:PATH"
	}
	return ""
}

// resultsTable returns the lines of the table of a results.json: its results, then
// its artifacts.
func resultsTable(text []byte) ([]string, error) {
	var file struct {
		Version   int
		State     string
		Results   map[string]json.RawMessage
		Artifacts []struct{ Key, Kind, Path string }
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	if file.Version != 1 {
		return nil, errors.New("results.json has another version")
	}
	var out bytes.Buffer
	table := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	row := func(kind, key, value string) {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", keyname.Plain(kind), keyname.Plain(key), keyname.Plain(value))
	}
	row("state", "", file.State)
	for _, key := range slices.Sorted(maps.Keys(file.Results)) {
		row("result", key, shortValue(file.Results[key]))
	}
	for _, a := range file.Artifacts {
		row(a.Kind, a.Key, a.Path)
	}
	_ = table.Flush() // to memory
	return strings.Split(strings.TrimRight(out.String(), "\n"), "\n"), nil
}

// maxValue is the longest value in the table, in bytes.
const maxValue = 100

// shortValue returns a result in one line: a string as it is, the rest as JSON.
func shortValue(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) != nil {
		var line bytes.Buffer
		_ = json.Compact(&line, value) // it was decoded before
		text = line.String()
	}
	if len(text) > maxValue {
		text = strings.ToValidUTF8(text[:maxValue], "") + "…"
	}
	return text
}
