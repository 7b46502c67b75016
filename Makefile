# The commands of this repository; `make` alone lists them.
.PHONY: help build test demo fuzz bench check

VERSION ?= 0.1.0
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null)
TAGS    := urfave_cli_no_docs
LDFLAGS := -s -w -buildid= -X main.version=$(VERSION) -X main.commit=$(COMMIT)
# The program's own entry point, launcher/inherit: where it is written.
ENTRY   := $(if $(filter amd64 arm64,$(shell go env GOARCH)),-E launcher_entry)
FUZZTIME ?= 30s

export CGO_ENABLED = 0

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile | expand -t 14

build: ## build/launcher, static and reproducible
	@go build -trimpath -buildvcs=false -tags $(TAGS) -ldflags "$(LDFLAGS) $(ENTRY)" -o build/launcher ./cmd/launcher

test: ## run all tests; needs Go alone and names what it could not test
	@.ci/test

demo: build ## run one task with secrets from four sources (needs Python)
	@examples/python/demo

fuzz: ## fuzz each parser for FUZZTIME
	@.ci/fuzz $(FUZZTIME)

bench: ## measure, and write docs/benchmarks.md
	@.ci/bench

check: ## gofmt, vet, staticcheck, tidy, reproducible build
	@.ci/check
