// Command handler is the handler of the checks of "make e2e" that need more than the
// launcher's own image has: a process that waits, that eats memory, that leaves orphans,
// and that prints much.
package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/seed45446ece/launcher/handler"
)

// commands lists what the handler can do. Each returns the exit status.
var commands = map[string]func(args []string) int{
	"digest": digest, "wait": wait, "stubborn": stubborn, "eat": eat, "orphans": orphans, "sleep": sleep, "lines": lines, "status": status, "kill": kill,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: handler COMMAND [ARG...]")
		os.Exit(2)
	}
	os.Exit(commands[os.Args[1]](os.Args[2:]))
}

// digest prints the size and the SHA-256 of each key's value.
func digest(keys []string) int {
	job, err := handler.Read()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for _, key := range keys {
		value, err := job.Secret(key)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Printf("%s %d %x\n", key, len(value), sha256.Sum256([]byte(value)))
	}
	return 0
}

// wait ends with 7 when it gets TERM.
func wait([]string) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	fmt.Println("waiting")
	<-signals
	fmt.Println("got TERM")
	return 7
}

// stubborn ignores TERM.
func stubborn([]string) int {
	signal.Ignore(syscall.SIGTERM)
	fmt.Println("waiting")
	time.Sleep(time.Hour)
	return 0
}

// eat uses memory until the kernel ends it.
func eat([]string) int {
	fmt.Println("eating")
	var all [][]byte
	for {
		block := make([]byte, 1<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		all = append(all, block)
		if len(all) > 1<<14 { // no limit is enforced
			return 0
		}
	}
}

// orphans leaves processes that ignore TERM, in sessions of their own, and ends.
func orphans([]string) int {
	for range 3 {
		c := exec.Command(os.Args[0], "sleep")
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		c.Stdout = os.Stdout // as a daemon that keeps the log open
		if err := c.Start(); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	fmt.Println("left 3")
	return 0
}

func sleep([]string) int {
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP)
	time.Sleep(time.Hour)
	return 0
}

// lines prints numbered lines of 100 bytes.
func lines(args []string) int {
	out := bufio.NewWriter(os.Stdout)
	for i := range number(args) {
		_, _ = fmt.Fprintf(out, "%08d %090d\n", i, 0)
	}
	_ = out.Flush()
	return 0
}

func status(args []string) int { return number(args) }

// kill ends by a signal.
func kill(args []string) int {
	_ = syscall.Kill(os.Getpid(), syscall.Signal(number(args)))
	time.Sleep(time.Minute)
	return 1
}

func number(args []string) int {
	if len(args) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(args[0])
	return n
}
