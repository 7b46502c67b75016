package job

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seed45446ece/launcher/cluster"
)

// TestANameLeavesRoomForTheIndex, as the API server refuses a Job whose pods' host
// names would be too long.
func TestANameLeavesRoomForTheIndex(t *testing.T) {
	for _, completions := range []int32{1, 10, 11, 12, 1000, 100_000} {
		manifest := &batchv1.Job{}
		manifest.Name = strings.Repeat("a", 63)
		manifest.Spec.Completions = new(completions)
		name := New(&cluster.Cluster{}, manifest, nil, true).name()
		host := fmt.Sprintf("%s-%d", name, completions-1)
		require.Empty(t, validation.IsDNS1123Label(host), host)
		require.Len(t, host, 63)
	}
	manifest := &batchv1.Job{}
	manifest.Name = strings.Repeat("a", 63)
	require.Len(t, New(&cluster.Cluster{}, manifest, nil, true).name(), 63)
}
