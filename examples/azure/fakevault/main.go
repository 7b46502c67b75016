// Command fakevault is a Microsoft Entra and an Azure Key Vault on loopback: a
// program that reads secrets from Azure runs against it unchanged, with no
// Azure account.
//
// It writes into a folder what a client needs: ca.pem, env with the variables
// to set, credentials with what a mounted Kubernetes Secret would have, admin
// with the address of the faults and counters, and requests.jsonl, the request
// log. When it is ready it prints one line of JSON.
// It ends on TERM or INT with status 0.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
)

//go:embed demo.yaml
var demo []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fakevault:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("fakevault", flag.ExitOnError)
	dir := flags.String("dir", "", "the `folder` to write into; needed")
	file := flags.String("config", "", "the `file`, YAML or JSON, of vaults, principals and faults; without it the demo's")
	port := flags.Int("port", 0, "the proxy's `port` on 127.0.0.1; 0 takes a free one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir == "" || flags.NArg() > 0 {
		return fmt.Errorf("usage: fakevault --dir FOLDER [--config FILE] [--port PORT]")
	}
	config, err := load(*file)
	if err != nil {
		return err
	}
	folder, err := filepath.Abs(*dir)
	if err != nil {
		return err
	}
	server, err := fake.Start(fake.Options{Dir: folder, Config: config, Port: *port, Errors: os.Stderr})
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	if err := describe(folder, server.Ready, config); err != nil {
		return err
	}
	if err := json.NewEncoder(stdout).Encode(server.Ready); err != nil {
		return err
	}
	<-ctx.Done()
	return server.Close()
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

// describe writes what a client is to be given: its environment, for env(1),
// and the first principal's credentials as the kubelet would mount them.
func describe(folder string, ready fake.Ready, config fake.Config) error {
	files := map[string]string{
		// NO_PROXY of the user's may name Azure; both spellings are read.
		"env":   fmt.Sprintf("HTTPS_PROXY=%s\nHTTP_PROXY=%[1]s\nNO_PROXY=\nno_proxy=\nSSL_CERT_FILE=%s\n", ready.Proxy, ready.CA),
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
