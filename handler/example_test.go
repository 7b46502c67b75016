package handler_test

import (
	"fmt"
	"log"
	"os"

	"github.com/seed45446ece/launcher/handler"
)

func Example() {
	defer startedByLauncher()()

	job, err := handler.Read()
	if err != nil {
		log.Fatal(err) // it holds no value
	}
	password, err := job.Secret("DB_PASSWORD")
	if err != nil { // handler.ErrNoSecret if there is none
		log.Fatal(err)
	}
	fmt.Println(job.Metadata.Name, "uses", job.Param("db_name", "test"))
	fmt.Println("a password of", len(password), "bytes")
	// Output:
	// train uses sales
	// a password of 7 bytes
}

func ExampleMatch() {
	keys := []string{"MY-AZURE-SECRET", "password", "Token", "TOKEN"}
	fmt.Println(handler.Match(keys, "MY_AZURE_SECRET"))
	fmt.Println(handler.Match(keys, "PASSWORD"))
	fmt.Println(handler.Match(keys, "TOKEN"))
	fmt.Println(handler.Match(keys, "token")) // two would fit
	// Output:
	// MY-AZURE-SECRET true
	// password true
	// TOKEN true
	//  false
}

// startedByLauncher sets what "launcher run --deliver env" does.
func startedByLauncher() (end func()) {
	variables := map[string]string{
		handler.Variable: "env",
		handler.VariableJSON: `{"version":1,"metadata":{"name":"train"},"spec":{"parameters":{"db_name":"sales"}},
			"secrets_env":{"DB_PASSWORD":"DB_PASSWORD"}}`,
		"DB_PASSWORD": "pa$word",
	}
	for name, value := range variables {
		_ = os.Setenv(name, value)
	}
	return func() {
		for name := range variables {
			_ = os.Unsetenv(name)
		}
	}
}
