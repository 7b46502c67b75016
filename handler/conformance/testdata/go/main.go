// Command go is the probe of the Go package.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seed45446ece/launcher/handler"
)

func main() {
	questions, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	job, err := handler.Read()
	for lines := bufio.NewScanner(questions); lines.Scan(); {
		verb, name, _ := strings.Cut(lines.Text(), " ")
		if verb == "context" {
			if err := os.Rename(name, filepath.Join(filepath.Dir(name), handler.File)); err != nil {
				panic(err)
			}
			job, err = handler.Read()
			fmt.Println("none")
			continue
		}
		if err != nil {
			fmt.Printf("error %x\n", err.Error())
			continue
		}
		fmt.Println(answer(job, verb, name))
	}
}

func answer(job *handler.Context, verb, name string) string {
	switch verb {
	case "secret":
		return secret(job, name, "none")
	case "default":
		return secret(job, name, fmt.Sprintf("value %x", "the default"))
	case "param":
		if value, ok := job.Parameters[name]; ok {
			return asJSON(value)
		}
		return "none"
	case "parameters":
		return asJSON(job.Parameters)
	case "metadata":
		return asJSON(job.Metadata)
	case "child":
		cat := exec.Command("cat", "/dev/stdin")
		cat.Stdin = os.Stdin
		output, _ := cat.Output()
		return fmt.Sprintf("text %x", output)
	}
	return fmt.Sprintf("text %x", fmt.Sprintf("%v %+v %#v %s %q", job, *job, job, *job, job))
}

func secret(job *handler.Context, key, missing string) string {
	value, err := job.Secret(key)
	switch {
	case errors.Is(err, handler.ErrNoSecret):
		return missing
	case err != nil:
		return fmt.Sprintf("error %x", fmt.Sprintf("%v %+v %#v", err, err, err))
	}
	return fmt.Sprintf("value %x", value)
}

func asJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("json %x", text)
}
