package keyvault

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// put writes a file of the mount.
func (w *world) put(name, text string) {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(filepath.Join(w.mount, name), []byte(text), 0o600))
}

// inUTF16 is a text as Windows writes it, low bytes first, or high ones.
func inUTF16(s string, high bool) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + s)) {
		pair := []byte{byte(unit), byte(unit >> 8)}
		if high {
			pair[0], pair[1] = pair[1], pair[0]
		}
		out = append(out, pair...)
	}
	return string(out)
}

func TestOneLineEndingAndAByteOrderMarkAreIgnored(t *testing.T) {
	w := start(t)
	for _, form := range []string{"%", "%\n", "%\r\n", "\ufeff%", "\ufeff%\r\n", "%\r"} {
		for name, text := range map[string]string{azure.TenantFile: tenant, azure.ClientFile: application, azure.SecretFile: proof} {
			w.put(name, strings.ReplaceAll(form, "%", text))
		}
		w.requireRead()
	}
}

func TestAnInvalidCredentialIsNamedByItsFile(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":              {"", "is empty"},
		"a mark alone":       {"\ufeff\r\n", "is empty"},
		"a line end":         {"\n", "is empty"},
		"a blank":            {" ", "starts or ends with a blank"},
		"blank after":        {proof + " \n", "starts or ends with a blank"},
		"blank before":       {" " + proof, "starts or ends with a blank"},
		"a no-break space":   {proof + "\u00a0", "starts or ends with a blank"},
		"two line ends":      {proof + "\n\n", "is not one line of text"},
		"two lines":          {proof + "\nmore", "is not one line of text"},
		"UTF-16":             {inUTF16(proof, false), "is UTF-16: write it as UTF-8"},
		"UTF-16, high first": {inUTF16(proof, true), "is UTF-16: write it as UTF-8"},
		"binary":             {"\x7fELF\x02\x01" + proof, "is not one line of text"},
		"not UTF-8":          {proof + "\xff\xc3(", "is not one line of text"},
		"NUL":                {proof + "\x00", "is not one line of text"},
		"huge":               {strings.Repeat(proof, 1<<16), "is larger than 1 MiB"},
		"a line end of C1":   {proof + "\u0085x", "is not one line of text"},
	} {
		for _, file := range []string{azure.TenantFile, azure.ClientFile, azure.SecretFile} {
			t.Run(name+" in "+file, func(t *testing.T) {
				w := start(t)
				w.put(file, c.text)
				_, err := w.find(one)
				require.EqualError(t, err, aVault+`: no credentials: "`+filepath.Join(w.mount, file)+`" `+c.want)
				require.NotEmpty(t, hintOf(err))
				require.NotErrorIs(t, err, resolve.ErrUnavailable)
				require.NotErrorIs(t, err, resolve.ErrAbsent)
				require.Zero(t, w.requests()["token"])
			})
		}
	}
}

func TestAllProblemsOfACredentialAreReportedTogether(t *testing.T) {
	w := start(t)
	for _, name := range []string{azure.TenantFile, azure.ClientFile, azure.SecretFile} {
		w.put(name, "")
	}
	_, err := w.find(one)
	require.Len(t, strings.Split(err.Error(), "\n"), 3)
	w.give(w.mount, proof, proof, proof)
	_, err = w.find(one)
	require.EqualError(t, err, aVault+`: no credentials: "`+w.mount+`/tenant_id" does not hold a tenant: it is neither a UUID nor a domain`+"\n"+
		aVault+`: no credentials: "`+w.mount+`/client_id" does not hold a client ID: it is not a UUID`)
	for _, tenant := range []string{"common", "a/b.com", "a.com?x", "a.com#", "a@b.com", "..", "{" + tenant + "}", "https://a.com", "a b.com", "a.com/x", `"` + tenant + `"`, strings.ReplaceAll(tenant, "-", ""), "."} {
		w.give(w.mount, tenant, application, proof)
		_, err = w.find(one)
		require.ErrorContains(t, err, "does not hold a tenant", tenant)
	}
	require.Zero(t, w.requests()["token"])
}

func TestAFileThatIsNotRegularIsNotWaitedFor(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"a FIFO":      func(path string) error { return unix.Mkfifo(path, 0o600) },
		"a directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"a device":    func(path string) error { return os.Symlink("/dev/zero", path) },
		"a loop":      func(path string) error { return os.Symlink(path, path) },
	} {
		for _, file := range []string{azure.TenantFile, azure.SecretFile} {
			t.Run(name+" as "+file, func(t *testing.T) {
				w := start(t)
				path := filepath.Join(w.mount, file)
				require.NoError(t, os.Remove(path))
				require.NoError(t, make(path))
				_, err := w.find(one)
				require.EqualError(t, err, aVault+`: no credentials: "`+path+`" is not a regular file, or cannot be read`)
			})
		}
	}
	t.Run("a link out of the mount is one", func(t *testing.T) {
		w := start(t)
		elsewhere := filepath.Join(t.TempDir(), "kept")
		require.NoError(t, os.Rename(filepath.Join(w.mount, azure.SecretFile), elsewhere))
		require.NoError(t, os.Symlink(elsewhere, filepath.Join(w.mount, azure.SecretFile)))
		w.requireRead()
	})
}

func TestMissingFilesAreNamedWithTheCommandThatCreatesThem(t *testing.T) {
	for missing, want := range map[string]string{
		"tenant_id": "tenant_id", "client_id": "client_id", "secret": "secret", "tenant_id,secret": "tenant_id, secret",
		"client_id,secret": "client_id, secret", "tenant_id,client_id": "tenant_id, client_id",
	} {
		w := start(t)
		for _, name := range strings.Split(missing, ",") {
			require.NoError(t, os.Remove(filepath.Join(w.mount, name)))
		}
		_, err := w.find("{name: my-vault, k8s_secret: creds, secrets: [a]}")
		require.EqualError(t, err, aVault+`: no credentials: "`+w.mount+`" has no `+want)
		require.Equal(t, "run kubectl create secret generic creds --from-literal=tenant_id=TENANT_ID --from-literal=client_id=CLIENT_ID --from-literal=secret=CLIENT_SECRET", hintOf(err))
	}
	w := start(t)
	w.options.Credentials = filepath.Join(w.mount, "nowhere")
	_, err := w.find("{name: my-vault, credential: mounted, secrets: [a]}")
	require.EqualError(t, err, aVault+`: no credentials: "`+w.options.Credentials+`" has no tenant_id, client_id, secret`)
	_, err = w.find("{name: my-vault, credential: certificate, secrets: [a]}")
	require.EqualError(t, err, aVault+`: no credentials: "`+w.options.Credentials+`" has no tenant_id, client_id, certificate`)
	require.Equal(t, "run kubectl create secret generic azure-creds --from-literal=tenant_id=TENANT_ID --from-literal=client_id=CLIENT_ID --from-file=certificate=cert.pem", hintOf(err))
}

// ofApplications lets a vault in for more applications, each with the name of
// its secret as its proof.
func ofApplications(clients ...string) func(*fake.Config) {
	return func(c *fake.Config) {
		for _, client := range clients {
			c.Principals = append(c.Principals, fake.Principal{Tenant: tenant, ClientID: client, Secrets: []string{proof}})
			c.Vaults[0].Access[client] = []string{"get"}
		}
	}
}

func TestCredentialsAreInTheFolderOfTheirSecretIfThereIsOne(t *testing.T) {
	const wrong, other = "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"
	w := start(t, ofApplications(other))
	source := "{name: my-vault, k8s_secret: azure-creds, secrets: [db-password]}"
	_, err := w.find(source)
	require.NoError(t, err, "there is no such folder")

	w.give(filepath.Join(w.mount, "azure-creds"), tenant, wrong, proof)
	_, err = w.find(source)
	require.ErrorContains(t, err, "does not have application "+wrong)
	w.requireRead()

	own := filepath.Join(w.mount, "azure-creds")
	for _, name := range []string{azure.TenantFile, azure.ClientFile, azure.SecretFile} {
		require.NoError(t, os.Remove(filepath.Join(own, name)))
	}
	_, err = w.find(source)
	require.ErrorContains(t, err, aVault+`: no credentials: "`+own+`" has no tenant_id`, "its folder is empty: another's credentials do not stand in")
	_, err = w.find("{name: my-vault, k8s_secret: azure-creds, credential: mounted, secrets: [db-password]}")
	require.EqualError(t, err, aVault+`: no credentials: "`+own+`" has no tenant_id, client_id, secret`)
}

func TestCredentialsAreInTheHomeDirectoryByDefault(t *testing.T) {
	w := start(t)
	home := t.TempDir()
	w.options.Credentials, w.options.Environ["HOME"] = "", home
	_, err := w.find(one)
	for _, place := range azure.Directories("", "") {
		if _, err := os.Stat(place); err == nil {
			t.Skip("this machine has credentials of its own in " + place)
		}
	}
	require.ErrorContains(t, err, aVault+`: no credentials: "/var/run/launcher/azure_vault" has no tenant_id, client_id or secret`)
	w.give(filepath.Join(home, ".mlrun/azure_vault"), tenant, application, proof)
	w.requireRead()
	delete(w.options.Environ, "HOME")
	_, err = w.find(one)
	require.ErrorContains(t, err, aVault+`: no credentials: "/var/run/launcher/azure_vault" has no tenant_id`)
}

func TestEachRefusalOfEntraHasItsOwnMessage(t *testing.T) {
	const unknown = "22222222-2222-4222-8222-222222222222"
	for name, c := range map[string]struct{ tenant, client, secret, want, hint string }{
		"wrong secret":   {tenant, application, "wrong" + proof, "no token: the client secret of application " + application + " is wrong (AADSTS7000215)", "az ad app credential reset --id " + application},
		"expired secret": {tenant, application, expired, "no token: the client secret of application " + application + " has expired (AADSTS7000222)", "run az ad app credential reset --id " + application},
		"no application": {tenant, unknown, proof, `no token: tenant "` + tenant + `" does not have application ` + unknown + " (AADSTS700016)", "az ad sp show --id " + unknown},
		"no tenant":      {otherTenant, application, proof, `no token: tenant "` + otherTenant + `" does not exist (AADSTS90002)`, "az account show"},
		"no such domain": {"nowhere.example", application, proof, `no token: tenant "nowhere.example" does not exist (AADSTS90002)`, "az account show"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.give(w.mount, c.tenant, c.client, c.secret)
			vaults := New(w.options)
			for range 2 { // two sources
				_, err := w.ask(t.Context(), vaults.Source(specOf(t, one, azure.Clouds{})))
				require.EqualError(t, err, aVault+": "+c.want)
				require.Contains(t, hintOf(err), c.hint)
				require.NotErrorIs(t, err, resolve.ErrUnavailable)
			}
			require.LessOrEqual(t, w.requests()["token"], 1, "a refused credential is not tried again")
		})
	}
}

func TestATenantMayBeADomain(t *testing.T) {
	w := start(t, func(c *fake.Config) {
		c.Principals[0].Tenant, c.Vaults[0].Tenant, c.Vaults[1].Tenant = "contoso.onmicrosoft.com", "contoso.onmicrosoft.com", "contoso.onmicrosoft.com"
	})
	w.give(w.mount, "Contoso.onmicrosoft.com", application, proof)
	w.requireRead()
	require.Equal(t, 1, w.requests()["openid"], "Entra's own answer has the tenant's id")
}
