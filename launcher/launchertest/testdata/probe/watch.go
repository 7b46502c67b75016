package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// watch prints each process of a launcher that shows the text in its environment
// or arguments, or whose memory this process can open, until standard input ends.
func watch(text string) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	printed := map[string]bool{}
	for {
		select {
		case <-ended:
			return
		default:
		}
		processes, err := filepath.Glob("/proc/[0-9]*")
		check(err)
		for _, process := range processes {
			for _, what := range shows(process, text) {
				if line := filepath.Base(process) + " " + what; !printed[line] {
					printed[line] = true
					fmt.Println(line)
				}
			}
		}
	}
}

func shows(process, text string) (what []string) {
	name, _ := os.ReadFile(process + "/comm")
	if !strings.HasPrefix(string(name), "launcher") && !strings.HasPrefix(string(name), "exe") {
		return nil
	}
	for _, file := range []string{"environ", "cmdline"} {
		if content, err := os.ReadFile(process + "/" + file); err == nil && strings.Contains(string(content), text) {
			what = append(what, file)
		}
	}
	if memory, err := os.Open(process + "/mem"); err == nil {
		_ = memory.Close()
		what = append(what, "mem")
	}
	return what
}
