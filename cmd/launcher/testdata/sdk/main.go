// Command sdk reads secrets of a vault by the Azure SDK as it is by default, one
// after another, and becomes a handler: what a job does that has no launcher.
//
//	sdk CREDENTIALS VAULT HANDLER KEY...
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, "sdk:", err)
		os.Exit(1)
	}
}

func run(credentials, vault, handler string, keys []string) error {
	var mounted [3]string
	for i, name := range []string{"tenant_id", "client_id", "secret"} {
		text, err := os.ReadFile(filepath.Join(credentials, name))
		if err != nil {
			return err
		}
		mounted[i] = string(text)
	}
	credential, err := azidentity.NewClientSecretCredential(mounted[0], mounted[1], mounted[2], nil)
	if err != nil {
		return err
	}
	client, err := azsecrets.NewClient("https://"+vault+".vault.azure.net", credential, nil)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if _, err := client.GetSecret(context.Background(), key, "", nil); err != nil {
			return err
		}
	}
	return syscall.Exec(handler, []string{handler}, os.Environ())
}
