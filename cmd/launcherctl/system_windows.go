package main

import (
	"errors"
	"os"

	"golang.org/x/term"

	"github.com/seed45446ece/launcher/internal/cli"
)

const (
	// runsLauncher reports whether there is a launcher for this system.
	runsLauncher = false

	// descriptorFolder has no files: programs on Windows inherit no descriptors.
	descriptorFolder = "/dev/fd/"
)

func execve(string, []string, []string) error { return errors.ErrUnsupported }

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func inherit(int, int) (int, error) { return -1, errors.ErrUnsupported }

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// askTerminal prompts on the console and reads one line without echoing it.
func askTerminal(prompt string) ([]byte, error) {
	in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, cli.Usage("no terminal to prompt on", "")
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile("CONOUT$", os.O_WRONLY, 0)
	if err != nil {
		return nil, cli.Usage("no terminal to prompt on", "")
	}
	defer func() { _ = out.Close() }()
	if _, err := out.WriteString(prompt); err != nil {
		return nil, err
	}
	text, err := term.ReadPassword(int(in.Fd()))
	_, _ = out.WriteString("\r\n")
	return text, err
}
