package manifest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/validation"
)

func TestParseVolume(t *testing.T) {
	for text, want := range map[string]Volume{
		"pvc/data:/data":                    {"pvc", "data", "/data", false},
		"pvc/data:/data:ro":                 {"pvc", "data", "/data", true},
		"persistentvolumeclaim/data:/data/": {"pvc", "data", "/data", false},
		"cm/my.settings:/etc/app":           {"configmap", "my.settings", "/etc/app", false},
		"ConfigMap/a:/etc//app":             {"configmap", "a", "/etc/app", false},
		"secret/tls:/etc/tls":               {"secret", "tls", "/etc/tls", false},
		"emptydir:/scratch":                 {"emptydir", "", "/scratch", false},
		"emptydir:/dev/shm":                 {"emptydir", "", "/dev/shm", false},
		"emptydir:/system":                  {"emptydir", "", "/system", false},
	} {
		got, err := ParseVolume(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, why := range map[string]string{
		"":                   "unknown kind",
		"/host:/data":        "unknown kind",
		"data:/data":         "unknown kind",
		"hostpath/x:/data":   "unknown kind",
		"pvc:/data":          "invalid or missing name",
		"pvc/:/data":         "invalid or missing name",
		"pvc/A_b:/data":      "invalid or missing name",
		"pvc/a/b:/data":      "invalid or missing name",
		"emptydir/x:/data":   "invalid or missing name",
		"pvc/data":           "not absolute",
		"pvc/data:":          "not absolute",
		"pvc/data:data":      "not absolute",
		"pvc/data:/":         "nothing can be mounted",
		"pvc/data:/a/../b":   "nothing can be mounted",
		"emptydir:/dev/":     "nothing can be mounted",
		"emptydir:/proc":     "nothing can be mounted",
		"emptydir:/sys/fs":   "nothing can be mounted",
		"pvc/data:/data:rw":  "unknown option",
		"pvc/data:/data:ro:": "unknown option",
	} {
		_, err := ParseVolume(text)
		require.ErrorContains(t, err, why, text)
	}
}

// TestVolumeName checks that each object has its own name, which a pod can have.
func TestVolumeName(t *testing.T) {
	names := map[string]string{}
	for _, text := range []string{"pvc/a:/x", "configmap/a:/x", "secret/a:/x", "pvc/a.b:/x", "pvc/a-b:/x", "emptydir:/a", "emptydir:/a/b", "emptydir:/a-b", "emptydir:/A",
		"pvc/" + strings.Repeat("long", 60) + ":/x"} {
		v, err := ParseVolume(text)
		require.NoError(t, err)
		name := v.volumeName()
		require.Empty(t, validation.IsDNS1123Label(name), name)
		require.Empty(t, names[name], text)
		names[name] = text
	}
	require.Contains(t, names, "launcher-pvc-a")
	first, _ := ParseVolume("pvc/a.b:/x")
	second, _ := ParseVolume("pvc/a.b:/y")
	require.Equal(t, first.volumeName(), second.volumeName(), "one claim is one volume")
}
