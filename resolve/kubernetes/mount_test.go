package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keylist"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

// volume is a Secret volume as the kubelet lays it out: the files are in a
// directory of their generation, "..data" links to it, and each key links
// through that.
type volume struct {
	t   *testing.T
	dir string
}

func newVolume(t *testing.T, holds map[string]string) volume {
	v := volume{t, t.TempDir()}
	v.generation("..2026_01", holds)
	return v
}

func (v volume) path(names ...string) string {
	return filepath.Join(append([]string{v.dir}, names...)...)
}

// generation writes a generation and swaps it in, as the kubelet does: a new
// link is renamed over the old one.
func (v volume) generation(name string, holds map[string]string) {
	require.NoError(v.t, os.Mkdir(v.path(name), 0o755))
	for key, value := range holds {
		require.NoError(v.t, os.WriteFile(v.path(name, key), []byte(value), 0o600))
		if _, err := os.Lstat(v.path(key)); err != nil {
			require.NoError(v.t, os.Symlink(filepath.Join("..data", key), v.path(key)))
		}
	}
	require.NoError(v.t, os.Symlink(name, v.path("..data_tmp")))
	require.NoError(v.t, os.Rename(v.path("..data_tmp"), v.path("..data")))
}

func (v volume) source(keys ...string) resolve.Source {
	return Spec{Mount: v.dir, Keys: named(keys)}.Source(nil)
}

// named is keys that are looked for under their own names.
func named(keys []string) (list []keylist.Key) {
	for _, key := range keys {
		list = append(list, keylist.Key{Key: key, Name: key})
	}
	return list
}

func TestAFileHasTheNameOfAKey(t *testing.T) {
	v := newVolume(t, map[string]string{"password": "1", "K": "2"})
	spec, err := parse(t, "{secret: db-creds, mount: "+v.dir+", secrets: [{key: K, name: password}, {L: gone}]}")
	require.NoError(t, err)
	require.Equal(t, "K=1 file "+v.path("password")+"\nL: file \""+v.path("gone")+"\" does not exist", find(t, spec.Source(nil)))
	spec, err = parse(t, "{secret: db-creds, mount: "+v.dir+"}")
	require.NoError(t, err)
	require.Equal(t, "K=2 file "+v.path("K")+"\npassword=1 file "+v.path("password"), find(t, spec.Source(nil)))
}

func TestConformanceOfAMount(t *testing.T) {
	isFile := func(key string) bool {
		return key != "" && key != "." && key != ".." && !strings.ContainsAny(key, "/\x00")
	}
	for name, layout := range map[string]func(*testing.T, map[string]string) volume{
		"as the kubelet lays it out": newVolume,
		"of plain files": func(t *testing.T, holds map[string]string) volume {
			v := volume{t, t.TempDir()}
			for key, value := range holds {
				require.NoError(t, os.WriteFile(v.path(key), []byte(value), 0o600))
			}
			return v
		},
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, sourcetest.Suite{
				Open: func(t *testing.T, holds map[string]string, keys ...string) (resolve.Source, error) {
					node := &document.Node{Kind: document.Map, Fields: []document.Field{
						{Name: "mount", Value: &document.Node{Kind: document.String, Text: layout(t, holds).dir}},
					}}
					if keys := list(keys); keys != nil {
						node.Fields = append(node.Fields, document.Field{Name: "secrets", Value: keys})
					}
					spec, err := Parse(node)
					return spec.Source(nil), err
				},
				Declares: true, Lists: true, Spells: isFile,
			})
		})
	}
}

func TestAMountListsItsKeysAndNotTheKubeletsOwn(t *testing.T) {
	v := newVolume(t, map[string]string{"b": "2", "a": "1", ".dockerconfigjson": "{}", "mlrun.x": "i", "MLRUN.Y": "i", "..hidden": "i"})
	require.Equal(t, ".dockerconfigjson={} file "+v.path(".dockerconfigjson")+"\na=1 file "+v.path("a")+"\nb=2 file "+v.path("b"), find(t, v.source()))
}

func TestALinkOfAnotherKindIsFollowed(t *testing.T) {
	v := newVolume(t, map[string]string{"a": "1"})
	require.NoError(t, os.Remove(v.path("..data")))
	require.NoError(t, os.Symlink(v.path("..2026_01"), v.path("..data")))
	require.Equal(t, "a=1 file "+v.path("a"), find(t, v.source()))
}

func TestAMissingMountIsAbsent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	_, err := volume{t, dir}.source().Find(t.Context())
	require.ErrorIs(t, err, resolve.ErrAbsent)
	require.EqualError(t, err, `directory "`+dir+`" does not exist`)

	found, err := volume{t, dir}.source("a", "b").Find(t.Context())
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.ErrorIs(t, found[1].Err, resolve.ErrAbsent)
	require.EqualError(t, found[1].Err, `file "`+dir+`/b" does not exist`)
}

func TestWhatIsNoFileIsAFailure(t *testing.T) {
	v := newVolume(t, map[string]string{"good": "1"})
	at := func(key string) string { return v.path("..2026_01", key) }
	require.NoError(t, os.Mkdir(at("directory"), 0o755))
	require.NoError(t, syscall.Mkfifo(at("fifo"), 0o600))
	require.NoError(t, os.Symlink(at("loop"), at("loop")))
	require.NoError(t, os.Symlink("/dev/zero", at("device")))
	found, err := v.source().Find(t.Context())
	require.NoError(t, err)
	want := map[string]string{
		"directory": "is a directory", "fifo": "is a FIFO", "loop": "too many levels of symbolic links", "device": "is a device",
	}
	require.Len(t, found, len(want)+1)
	for _, f := range found {
		if f.Key == "good" {
			require.NoError(t, f.Err)
			continue
		}
		require.ErrorContains(t, f.Err, want[f.Key])
		require.NotErrorIs(t, f.Err, resolve.ErrAbsent)
	}
	require.NoError(t, os.Symlink("nowhere", at("dangling")))
	require.Contains(t, find(t, v.source("dangling")), "does not exist")
}

func TestAMountThatIsAFileIsAFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := volume{t, path}.source().Find(t.Context())
	require.Error(t, err)
	require.NotErrorIs(t, err, resolve.ErrAbsent)
	found, err := volume{t, path}.source("a").Find(t.Context())
	require.NoError(t, err)
	require.ErrorContains(t, found[0].Err, "not a directory")
	require.NotErrorIs(t, found[0].Err, resolve.ErrAbsent)
}

// whileReading is a context that lets the world go on each time the reader
// looks whether it has ended.
type whileReading struct {
	context.Context
	looks int
	do    func(look int)
}

func (w *whileReading) Err() error {
	w.looks++
	w.do(w.looks)
	return w.Context.Err()
}

func TestKeysAreFromOneGeneration(t *testing.T) {
	for name, keys := range map[string][]string{"declared": {"a", "b"}, "listed": nil} {
		for look := 1; look <= 4; look++ {
			t.Run(fmt.Sprintf("%s, swapped at look %d", name, look), func(t *testing.T) {
				v := newVolume(t, map[string]string{"a": "old", "b": "old"})
				ctx := &whileReading{t.Context(), 0, func(now int) {
					if now == look {
						v.generation("..2026_02", map[string]string{"a": "new", "b": "new"})
						require.NoError(t, os.RemoveAll(v.path("..2026_01")))
					}
				}}
				found, err := v.source(keys...).Find(ctx)
				require.NoError(t, err)
				require.Len(t, found, 2)
				a, b := string(found[0].Value.Reveal()), string(found[1].Value.Reveal())
				require.NoError(t, errors.Join(found[0].Err, found[1].Err))
				require.Equal(t, a, b)
				require.Equal(t, ctx.looks >= look, a == "new")
			})
		}
	}
}

func TestAKeyThatANewGenerationBringsIsFound(t *testing.T) {
	v := newVolume(t, map[string]string{"a": "old"})
	ctx := &whileReading{t.Context(), 0, func(now int) {
		if now == 2 {
			v.generation("..2026_02", map[string]string{"a": "new", "b": "new"})
		}
	}}
	found, err := v.source("a", "b").Find(ctx)
	require.NoError(t, err)
	require.NoError(t, errors.Join(found[0].Err, found[1].Err))
}

func TestAMountThatKeepsChangingIsUnavailable(t *testing.T) {
	v := newVolume(t, map[string]string{"a": "0"})
	ctx := &whileReading{t.Context(), 0, func(now int) {
		v.generation("..again_"+strings.Repeat("x", now), map[string]string{"a": "1"})
	}}
	_, err := v.source("a").Find(ctx)
	require.ErrorIs(t, err, resolve.ErrUnavailable)
	require.EqualError(t, err, `"`+v.dir+`" kept changing while it was read`)
}

func TestANextFindReadsTheNextGeneration(t *testing.T) {
	v := newVolume(t, map[string]string{"a": "1"})
	s := v.source()
	require.Equal(t, "a=1 file "+v.path("a"), find(t, s))
	v.generation("..2026_02", map[string]string{"a": "2", "b": "3"})
	require.Equal(t, "a=2 file "+v.path("a")+"\nb=3 file "+v.path("b"), find(t, s))
}

func TestRequireConfidentialWantsAKubernetesVolume(t *testing.T) {
	spec := func(dir string, keys ...string) resolve.Source {
		return Spec{Mount: dir, Keys: named(keys), Confidential: true}.Source(nil)
	}
	v := newVolume(t, map[string]string{"a": "1"})
	require.Equal(t, "a=1 file "+v.path("a"), find(t, spec(v.dir)))
	require.Equal(t, "a=1 file "+v.path("a"), find(t, spec(v.dir+"/", "a")))

	plain, elsewhere, up, self := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(plain, "a"), []byte(sourcetest.Canary), 0o600))
	require.NoError(t, os.Symlink(plain, filepath.Join(elsewhere, "..data")))
	require.NoError(t, os.Symlink("..", filepath.Join(up, "..data")))
	require.NoError(t, os.Symlink(".", filepath.Join(self, "..data")))
	for _, dir := range []string{plain, elsewhere, up, self, "/etc", "/etc/../etc", "/"} {
		for _, keys := range [][]string{nil, {"a"}, {"passwd"}} {
			found, err := spec(dir, keys...).Find(t.Context())
			require.EqualError(t, err, fmt.Sprintf("%q is not a Kubernetes volume: --require-confidential needs its ..data link", dir))
			require.Empty(t, found)
		}
	}
	found, err := spec("/no/such", "a").Find(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, found[0].Err, resolve.ErrAbsent)
}

// The name of a file in a directory that is not a Secret's may be a value.
func TestAFileWhoseNameIsNotAKeyIsRefusedAndNotShown(t *testing.T) {
	for _, name := range []string{"hunter2 hunter2", "K=hunter2", "hunter2\x1b[31m", "lost+found", strings.Repeat("hunter2", 36)[:250] + "é"} {
		v := newVolume(t, map[string]string{"a": "1", name: "2"})
		found, err := v.source().Find(t.Context())
		require.ErrorContains(t, err, fmt.Sprintf("the name of a file in %q: ", v.dir))
		require.NotContains(t, err.Error(), "hunter2")
		require.NotContains(t, err.Error(), "lost")
		require.Len(t, found, 1)
		require.Equal(t, "a=1 file "+v.path("a"), find(t, v.source("a")))
	}
}
