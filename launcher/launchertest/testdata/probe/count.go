package main

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
)

// count says each interrupt and each line that comes. A shell's trap would wait
// for the next line where the signal comes a moment before the shell reads.
func count() {
	interrupts := make(chan os.Signal, 16)
	signal.Notify(interrupts, os.Interrupt)
	fmt.Println("ready")
	go func() {
		for n := 1; ; n++ {
			<-interrupts
			fmt.Printf("got-%d\n", n)
		}
	}()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println("line-" + lines.Text())
	}
}
