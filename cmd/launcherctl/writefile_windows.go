package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// writeSecretFile writes a Secret to a file, with the permissions that its folder
// gives to new files, or to standard output.
func writeSecretFile(path string, text []byte) error {
	if path == "/dev/stdout" {
		_, err := os.Stdout.Write(text)
		return err
	}
	return replaceFile(path, text, 0o600)
}

// replaceFile puts a regular file in place of another, or where none was, whole
// or not at all.
func replaceFile(path string, text []byte, mode fs.FileMode) error {
	err := replaceIn(filepath.Dir(path), path, text, mode)
	if err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	return nil
}

func replaceIn(folder, path string, text []byte, mode fs.FileMode) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	f, err := os.CreateTemp(folder, ".launcherctl-")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
