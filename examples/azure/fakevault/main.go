// Command fakevault serves a fake Microsoft Entra and Azure Key Vault on loopback.
// A program that reads secrets from Azure runs against it unchanged, without an
// Azure account.
//
//	fakevault [--dir FOLDER] [--config FILE] [--port PORT] -- COMMAND [ARG...]
//	fakevault --dir FOLDER [--config FILE] [--port PORT]
//
// The first form runs the command with the variables that reach the vault, and
// LAUNCHER_AZURE_CREDENTIALS. It prints nothing and exits with the command's
// status. The second form serves until TERM or INT, and prints one line of JSON
// when it is ready.
//
// Both write what a client needs into the folder: ca.pem; env, the variables to
// set; credentials, like a mounted Kubernetes Secret; admin, the address of the
// faults and counters; and requests.jsonl, the request log.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
)

//go:embed demo.yaml
var demo []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(status(ended))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fakevault:", err)
		os.Exit(1)
	}
}

// status returns the exit status, or 128+n if signal n ended the command.
func status(ended *exec.ExitError) int {
	if wait, ok := ended.Sys().(syscall.WaitStatus); ok && wait.Signaled() {
		return 128 + int(wait.Signal())
	}
	return ended.ExitCode()
}

const usage = `usage: fakevault [--dir FOLDER] [--config FILE] [--port PORT] -- COMMAND [ARG...]
       fakevault --dir FOLDER [--config FILE] [--port PORT]`

// run serves until ctx ends, or until its command does.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("fakevault", flag.ExitOnError)
	dir := flags.String("dir", "", "write what a client needs into this `folder`; with a COMMAND the default is a temporary one")
	file := flags.String("config", "", "read vaults, principals and faults from this YAML or JSON `file`; the default is the demo's")
	port := flags.Int("port", 0, "listen as a proxy on this `port` of 127.0.0.1; 0 chooses a free one")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	words := flags.Args()
	switch {
	case *dir == "" && len(words) == 0:
		return errors.New("name a COMMAND or --dir\n" + usage)
	case *dir == "":
		made, err := os.MkdirTemp("", "fakevault-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(made) }()
		*dir = made
	}
	config, err := load(*file)
	if err != nil {
		return err
	}
	folder, err := filepath.Abs(*dir)
	if err != nil {
		return err
	}
	options := fake.Options{Dir: folder, Config: config, Port: *port, Errors: os.Stderr}
	if len(words) > 0 { // a command that ends may break off a connection
		options.Errors = nil
	}
	server, err := fake.Start(options)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	if err := describe(folder, server.Ready, config); err != nil {
		return err
	}
	if len(words) > 0 {
		return command(ctx, folder, server.Ready, words)
	}
	if err := json.NewEncoder(stdout).Encode(server.Ready); err != nil {
		return err
	}
	<-ctx.Done()
	return server.Close()
}

// command runs a command with the fake's variables, and sends it TERM when ctx
// ends.
func command(ctx context.Context, folder string, ready fake.Ready, words []string) error {
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.Env = append(os.Environ(), append(variables(ready), "LAUNCHER_AZURE_CREDENTIALS="+filepath.Join(folder, "credentials"))...)
	return c.Run()
}

// variables returns what a client needs in its environment.
func variables(ready fake.Ready) []string {
	return []string{
		"HTTPS_PROXY=" + ready.Proxy, "HTTP_PROXY=" + ready.Proxy,
		"NO_PROXY=", "no_proxy=", // the user's may name Azure; both spellings are read
		"SSL_CERT_FILE=" + ready.CA,
		"IDENTITY_ENDPOINT=" + ready.Proxy + "/msi/token", "IDENTITY_HEADER=" + fake.IdentityHeader, // no proxy sees the metadata service
	}
}

func load(file string) (fake.Config, error) {
	if file == "" {
		return fake.Parse("demo.yaml", demo)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fake.Config{}, err
	}
	return fake.Parse(file, text)
}

// describe writes a client's environment, for env(1), and the first principal's
// credentials, as the kubelet would mount them.
func describe(folder string, ready fake.Ready, config fake.Config) error {
	files := map[string]string{
		"env":   strings.Join(variables(ready), "\n") + "\n",
		"admin": ready.Admin,
	}
	if len(config.Principals) > 0 && len(config.Principals[0].Secrets) > 0 {
		p := config.Principals[0]
		files["credentials/tenant_id"], files["credentials/client_id"], files["credentials/secret"] = p.Tenant, p.ClientID, p.Secrets[0]
	}
	if err := os.MkdirAll(filepath.Join(folder, "credentials"), 0o700); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
