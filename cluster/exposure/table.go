// Package exposure finds the secrets of a manifest's pods, and who can see each of
// them by which channel.
//
// It owns the table of what each way into a pod shows, from which the page about
// threats is generated. It reports names and places, never a value, and calls no
// cluster. Data flows text -> Report -> table, JSON or SARIF.
package exposure

import (
	"fmt"
	"strings"

	"github.com/seed45446ece/launcher/launcher/task"
)

// Level is what can be seen by a channel. A higher level includes the lower ones.
type Level uint8

// The levels.
const (
	Nothing    Level = iota
	Names            // of keys, Secrets and vaults
	Masked           // what the program prints, with values redacted
	Printed          // what the program prints
	Credential       // a credential or token that can read the values
	InSecret         // the values, in a Kubernetes Secret
	Values
)

func (l Level) String() string {
	return [...]string{"nothing", "names", "masked", "printed", "credential", "secret", "values"}[l]
}

// MarshalText returns the level's word.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Channel is a place where a value can be seen.
type Channel uint8

// The channels.
const (
	Spec          Channel = iota // the objects of the pod and of what made it, and their status
	SecretReaders                // reading Secrets by RBAC
	ExecEnv                      // kubectl exec: the variables of the new process
	ExecFiles                    // kubectl exec: files, and /proc of the other processes
	Etcd                         // etcd, its backups, and audit logs of bodies
	Logs                         // kubectl logs
	channels
)

// Cell is what a way shows in a channel. An empty text stands for the level's word.
type Cell struct {
	Level
	Text string
}

func (c Cell) String() string {
	if c.Text != "" {
		return c.Text
	}
	return c.Level.String()
}

// Way is how a secret, or what reads it, gets into a pod.
type Way struct {
	Name  string // in a report
	Row   string // the row's title on the page
	Cells [Etcd + 1]Cell
}

// without returns the way as a pod has it that does not use some channels.
func (w Way) without(unused ...Channel) Way {
	for _, c := range unused {
		w.Cells[c] = Cell{}
	}
	return w
}

// inEnviron returns the way of a variable that stays in the program's environment, and
// so in /proc/*/environ.
func (w Way) inEnviron() Way {
	w.Cells[ExecFiles] = values
	return w
}

var (
	names, values = Cell{Level: Names}, Cell{Level: Values}
	theSecret     = Cell{InSecret, "the Secret"}
	theObject     = Cell{Values, "**the object and every pod of it**"}
	bold          = Cell{Values, "**values**"}
)

// The ways of a task's sources, in pods that launcherctl makes.
var (
	variable = Way{"variable", "`kubernetes` (variables)",
		[...]Cell{{Names, "names [1]"}, values, {Values, "values: every `exec` gets the container's variables"}, {}, theSecret}}
	volume = Way{"volume", "`kubernetes` with `mount`",
		[...]Cell{{Names, "names [1]"}, values, names, values, theSecret}}
	clientValues = Way{"volume", "`inline`, `env`, `file`",
		[...]Cell{{Names, "names [2]"}, {Values, "values, in `NAME-values`, until the Job goes"}, names, {Values, "values [3]"}, theSecret}}
	embedded = Way{"task", "the same with `--embed-values`",
		[...]Cell{{Values, "**values** [4]"}, {}, {Values, "**values**, in `MLRUN_EXEC_CONFIG`"}, {}, {Values, "**the Job and every pod of it**"}}}
	vaultSecret = Way{"vault", "`azure_vault` with `k8s_secret`",
		[...]Cell{{Names, "the vault's and the keys' names"}, {Credential, "the application's credential, and so all that it may read"}, names,
			{Credential, "the credential"}, {Credential, "the credential"}}}
	vaultIdentity = Way{"vault", "`azure_vault` with workload identity",
		[...]Cell{{Names, "the same"}, {}, {Names, "the application's id, where its token is"}, {Credential, "a token of the account, until it expires"}, {}}}
	program = Way{"program", "`exec`",
		[...]Cell{{Names, "the command, with its arguments, and the keys' names"}, {Nothing, "nothing, but for what the program logs in with"}, names,
			{Nothing, "the same"}, {Nothing, "the same"}}}
)

// The ways that others use.
var (
	literal = Way{"literal", "a variable's `value`",
		[...]Cell{bold, {}, bold, {}, theObject}}
	argument = Way{"argument", "an argument, or `launcher run -s inline=...`",
		[...]Cell{bold, {}, {}, {Values, "**values**, in `/proc/*/cmdline`"}, theObject}}
	expanded = Way{"argument", "an argument with `$(NAME)` of a Secret's variable",
		[...]Cell{names, values, values, {Values, "**values**, in `/proc/*/cmdline`"}, theSecret}}
	configMap = Way{"configmap", "a ConfigMap, such as with a task that has `inline` values",
		[...]Cell{names, {Values, "**values**, by `get configmap`"}, {Values, "**values**, if a variable refers to it"}, {Values, "**values**, if it is mounted"}, {Values, "**the ConfigMap**"}}}
	secretStore = Way{"csi", "a volume of the Secrets Store CSI driver",
		[...]Cell{names, {Nothing, "nothing, unless the driver syncs a Secret"}, {}, values, {Nothing, "nothing, unless the driver syncs a Secret"}}}
	token = Way{"token", "a projected token of the service account",
		[...]Cell{names, {}, {}, {Credential, "the token, until it expires"}, {}}}
	imageFile = Way{"file", "a `file` source that the pod reads",
		[...]Cell{{Names, "the path"}, {}, names, values, {Nothing, "nothing, unless a volume has the file"}}}
	nodeSecret = Way{"node", "a Secret for the node: `imagePullSecrets`, a driver's",
		[...]Cell{names, values, {}, {}, theSecret}}
)

// Delivery is what a delivery of the launcher shows of a running handler.
type Delivery struct {
	Name  string
	Cells [6]Cell // logs; exec: environ and cmdline; exec otherwise; other containers; children; the node
}

// deliveries is the table of all deliveries.
var deliveries = [...]Delivery{
	{task.DeliverStdin, [...]Cell{{Names, "names [5]"}, {Nothing, "nothing [6]"}, {Nothing, "the handler's memory, by tracing it"}, {}, {Values, "what the handler left unread"}, everything}},
	{task.DeliverFD, [...]Cell{names, {Nothing, "nothing [6]"}, {Values, "the descriptor of the handler, 3 if it is free"}, {}, {Values, "values, where they inherit it"}, everything}},
	{task.DeliverEnv, [...]Cell{names, bold, {Values, "the same"}, {}, bold, everything}},
	{task.DeliverFiles, [...]Cell{names, {Nothing, "nothing [6]"}, {Values, "the files, while the handler runs"}, {Nothing, "nothing [7]"}, {Values, "values, while it runs"}, everything}},
	{task.DeliverSocket, [...]Cell{names, {Nothing, "nothing [6]"}, {Values, "the socket, while the handler runs"}, {Nothing, "nothing [7]"}, {Values, "values, while it runs"}, everything}},
}

var everything = Cell{Values, "everything"}

// delivered returns what exec can see of a handler by its files and by /proc.
func delivered(name string) Level {
	for _, d := range deliveries {
		if d.Name == name {
			return max(d.Cells[1].Level, d.Cells[2].Level)
		}
	}
	return Nothing
}

// Tables returns the tables of the page about threats: of a task's sources, of the
// ways that others use, and of the deliveries.
func Tables() (sources, others, delivery string) {
	head := []string{"`get pod -o yaml`, `describe pod`, the Job", "`get secret`", "`exec`: the new process's variables",
		"`exec`: files that the container's user can read", "etcd, its backups, audit logs of bodies"}
	page := func(title string, ways ...Way) string {
		rows := [][]string{append([]string{title}, head...)}
		for _, w := range ways {
			row := []string{w.Row}
			for _, c := range w.Cells {
				row = append(row, c.String())
			}
			rows = append(rows, row)
		}
		return markdown(rows)
	}
	rows := [][]string{{"delivery", "`kubectl logs`, termination message, events", "`exec`: `/proc/*/environ`, `/proc/*/cmdline`",
		"`exec` as the handler's user, otherwise", "other containers of the pod", "the handler's children", "the node"}}
	for _, d := range deliveries {
		row := []string{"`" + d.Name + "`"}
		for _, c := range d.Cells {
			row = append(row, c.String())
		}
		rows = append(rows, row)
	}
	return page("source", variable, volume, clientValues, embedded, vaultSecret, vaultIdentity, program),
		page("way", literal, argument, expanded, configMap, secretStore, token, imageFile, nodeSecret), markdown(rows)
}

// markdown returns a table, whose first row is its head.
func markdown(rows [][]string) string {
	var text strings.Builder
	for i, row := range rows {
		_, _ = fmt.Fprintf(&text, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			_, _ = fmt.Fprintln(&text, "|"+strings.Repeat(" --- |", len(row)))
		}
	}
	return text.String()
}
