package packages_test

// A project is an empty one of a user, whose program asks for a secret.
type project struct {
	needs   []string          // what must be installed
	files   map[string]string // LOAD is what the page says to write in a program, VERSION the version
	prepare string            // a shell command before the module is installed
	run     string
}

var projects = map[string]project{
	"Go": {
		needs: []string{"go"},
		files: map[string]string{
			"go.mod": "module example.com/job\n\ngo 1.25.0\n",
			"main.go": `package main

LOAD
import "fmt"

func main() {
	job, err := handler.Read()
	if err != nil {
		panic(err)
	}
	password, err := job.Secret("DB_PASSWORD")
	fmt.Println(len(password))
}
`},
		run: "go run .",
	},
	"Java": {
		needs: []string{"javac", "mvn"},
		files: map[string]string{
			"pom.xml": `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>com.example</groupId>
  <artifactId>job</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency>
      <groupId>io.github.seed45446ece</groupId>
      <artifactId>launcher-context</artifactId>
      <version>VERSION</version>
    </dependency>
  </dependencies>
</project>
`,
			"src/main/java/com/example/Job.java": `package com.example;

LOAD

public final class Job {
    public static void main(String[] args) {
        System.out.println(LauncherContext.get().getSecret("DB_PASSWORD").orElseThrow().length());
    }
}
`},
		run: `sh -c 'java -cp "target/classes:$LAUNCHER_TEST_MAVEN/io/github/seed45446ece/launcher-context/VERSION/launcher-context-VERSION.jar" com.example.Job'`,
	},
	"JavaScript": {
		needs: []string{"node", "npm"},
		files: map[string]string{"job.mjs": `LOAD
const context = await getContext();
console.log((await context.getSecret("DB_PASSWORD")).length);
`},
		run: "node job.mjs",
	},
	"PHP": {
		needs: []string{"php", "composer"},
		files: map[string]string{"composer.json": "{}\n", "job.php": `<?php
LOAD
echo strlen(LauncherContext::get()->getSecret('DB_PASSWORD')), "\n";
`},
		run: "php job.php",
	},
	"Perl": {
		needs: []string{"perl", "cpanm", "make"},
		files: map[string]string{"job.pl": `use strict;
use warnings;
LOAD
print length(get_context()->get_secret('DB_PASSWORD')), "\n";
`},
		run: "perl job.pl",
	},
	"Python": {
		needs: []string{"python3", "python3 -c 'import ensurepip, pip'"},
		files: map[string]string{"job.py": `LOAD
print(len(get_context().get_secret("DB_PASSWORD")))
`},
		prepare: "python3 -m venv --system-site-packages .venv",
		run:     "python3 job.py",
	},
	"R": {
		needs: []string{"R", "Rscript -e 'library(jsonlite)'"},
		files: map[string]string{"job.R": `LOAD
context <- get_context()
stopifnot(identical(capture.output(print(context)), "<launcher_context >"), identical(format(context), "<launcher_context>"))
cat(nchar(context$get_secret("DB_PASSWORD")), "\n", sep = "")
`},
		prepare: `mkdir "$R_LIBS"`,
		run:     "Rscript --vanilla job.R",
	},
	"Ruby": {
		needs: []string{"ruby", "bundle"},
		files: map[string]string{"Gemfile": "source \"https://rubygems.org\"\n", "job.rb": `LOAD
puts LauncherContext.get.get_secret("DB_PASSWORD").length
`},
		run: "bundle exec ruby job.rb",
	},
	"Rust": {
		needs: []string{"cargo", "rustc"},
		files: map[string]string{
			"Cargo.toml": "[package]\nname = \"job\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
			"src/main.rs": `LOAD

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let context = Context::read()?;
    let password = context.get_secret("DB_PASSWORD")?.ok_or("no DB_PASSWORD")?;
    println!("{}", password.as_bytes().len());
    Ok(())
}
`},
		run: "cargo run --quiet",
	},
}
