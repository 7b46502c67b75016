package examples_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// laptops is, for the examples with keys that only a cluster has, a file for --local
// with the same values. Some spell a key as a .env file has to.
var laptops = map[string]string{
	"azure":  "db_password=myPassw0rd\nAPI_TOKEN=fixed version\nSMTP_USER=mailer\nSMTP_PASSWORD=letters\n",
	"env":    "DB_PASSWORD=pa$word\nAPI_TOKEN=tok-4711\n",
	"node":   "DB_PASSWORD=myPassw0rd\nkeystore=\xca\xfe\xff\n",
	"python": "DB_PASSWORD=myPassw0rd\nAWS_KEY=111222333\nmy-azure-secret=s3cret\n",
	"script": "SMTP_PASSWORD=pa$word \"x\"\nkeystore=\xca\xfe\xff\n",
}

// inDelivery finds the launcher's own flags in an example's script.
var inDelivery = regexp.MustCompile(`launcher run --task task.yaml( --deliver [a-z]+)?`)

// TestLocalGivesTheAnswerOfTheCluster runs each example with variables, volumes and a
// vault as in a cluster, and with --local, in every delivery that carries its values: it
// prints the same.
func TestLocalGivesTheAnswerOfTheCluster(t *testing.T) {
	build := buildLauncher(t)
	for _, example := range folders(t) {
		t.Run(example, func(t *testing.T) {
			needs(t, example)
			deliveries := []string{"stdin", "fd", "env", "files", "socket"}
			laptop, onlyInCluster := laptops[example]
			switch {
			case !onlyInCluster:
				deliveries = []string{"files"} // the file adds nothing
			case strings.Contains(laptop, "keystore="): // with NUL, which no variable holds, and no file of lines
				deliveries = []string{"stdin", "fd", "files", "socket"}
			}
			local := launchertest.WriteFile(t, filepath.Join(t.TempDir(), "laptop.txt"), laptop)
			for _, deliver := range deliveries {
				cluster := runWith(t, build, example, "--deliver "+deliver)
				require.Equal(t, cluster, runWith(t, build, example, "--deliver "+deliver+" --local "+local), deliver)
				require.NotEmpty(t, cluster)
			}
		})
	}
}

// runWith returns what an example prints if the launcher gets these flags.
func runWith(t *testing.T, build, example, flags string) string {
	t.Helper()
	folder, err := filepath.Abs(example)
	require.NoError(t, err)
	text := launchertest.ReadFile(t, filepath.Join(folder, "run"))
	require.Len(t, inDelivery.FindAllString(text, -1), 1)
	text = inDelivery.ReplaceAllLiteralString(text, "launcher run --task task.yaml "+flags)
	text = strings.Replace(text, `"$(dirname -- "$0")"`, "'"+folder+"'", 1)
	path := launchertest.WriteFile(t, filepath.Join(t.TempDir(), "run"), text)
	command := script(t, build, example, "run")
	command.Path, command.Args = "/bin/sh", []string{"sh", path}
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return logLine.ReplaceAllString(string(output), "")
}
