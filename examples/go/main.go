// Command go is a handler written in Go.
package main

import (
	"fmt"
	"log"
	"strings"

	"github.com/seed45446ece/launcher/handler"
)

func main() {
	job, err := handler.Read()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s of %s, by team %s\n", job.Metadata.Name, job.Metadata.Project, job.Metadata.Labels["team"])
	fmt.Println("threshold:", job.Param("threshold", 0.5))
	fmt.Println("account:", job.Param("account", nil))

	key, err := job.Secret("signing-key") // SIGNING_KEY answers
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("SIGNING_KEY:", strings.Count(key, "\n")+1, "lines")
	token, _ := job.Secret("API_TOKEN")
	fmt.Printf("API_TOKEN: %.1s***\n", token)
	empty, err := job.Secret("EMPTY")
	fmt.Printf("EMPTY: %q, %v\n", empty, err) // an empty value is a value

	// Printing the context prints no secret.
	fmt.Println("keys:", job.Keys())
}
