# The commands of this repository; `make` alone lists them.
.PHONY: help build launcherctl cross examples test e2e cover conformance demo docs fuzz bench licenses check version release release-check

VERSION ?= $(shell cat VERSION)
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null)
TAGS    := urfave_cli_no_docs
BUILD   := go build -trimpath -buildvcs=false
LDFLAGS := -s -w -buildid= -X main.version=$(VERSION) -X main.commit=$(COMMIT)
# The program's own entry point, launcher/sigstate, on the platforms that have one.
ENTRY   := $(if $(filter linux/amd64 linux/arm64,$(or $(GOOS),$(shell go env GOOS))/$(or $(GOARCH),$(shell go env GOARCH))),-E launcher_entry)
FUZZTIME ?= 30s

export CGO_ENABLED = 0

help: ## list the commands
	@sed -n 's/^\([a-z0-9-]*\):.*## /make \1\t/p' Makefile | expand -t 14

build: ## build/launcher, static and reproducible
	@$(BUILD) -tags $(TAGS) -ldflags "$(LDFLAGS) $(ENTRY)" -o build/launcher ./cmd/launcher

launcherctl: ## build/launcherctl, and build/kubectl-launcher, by which kubectl knows it
	@$(BUILD) -tags $(TAGS) -ldflags "$(LDFLAGS)" -o build/launcherctl ./cmd/launcherctl
	@ln -sf launcherctl build/kubectl-launcher

cross: ## vet and build both programs for every platform, as build/PROGRAM-GOOS-GOARCH
	@.ci/cross "$(BUILD) -tags $(TAGS)" "$(LDFLAGS)"

examples: build ## build/fakevault too, the Key Vault on loopback that the examples use
	@go build -trimpath -buildvcs=false -o build/fakevault ./examples/azure/fakevault

test: ## run all tests, and list those that had to be skipped
	@.ci/needs test bash && .ci/test

e2e: launcherctl ## test on the cluster of KUBECONFIG, with LAUNCHER_IMAGE: docs/e2e.md
	@.ci/needs e2e
	@$(BUILD) -o build/e2e ./cluster/e2e
	@build/e2e

cover: ## print the coverage of each package, by unit tests and by the real programs
	@.ci/needs cover bash && .ci/cover

conformance: ## ask every language in every delivery, and write docs/languages.md; ONLY=Ruby asks only Ruby
ifdef ONLY
	@grep -q '"name": "$(ONLY)"' handler/*/probe.json handler/conformance/testdata/*/probe.json || { echo 'no probe.json has the name "$(ONLY)"'; exit 1; }
	@LAUNCHER_TEST_REQUIRE=all go test -count=1 ./handler/conformance -run '/languages/^$(ONLY)$$|AsGoDoes/^(Go|$(ONLY))$$|ItsOwn/^$(ONLY)\b'
else
	@UPDATE_DOCS=1 LAUNCHER_TEST_REQUIRE=all go test -count=1 ./handler/conformance && cat docs/languages.md
endif

demo: ## run one task with secrets from five sources
	@.ci/needs demo
	@$(MAKE) --no-print-directory examples
	@examples/python/demo

docs: ## draw the pictures of docs/, and write what the commands on its pages print
	@go run ./internal/pictures docs
	@UPDATE_DOCS=1 go test -count=1 ./cmd/launcher ./cmd/launcherctl -run 'TestThePageAbout(Tasks|Deliveries|Trouble)|TestTheFirstMinute|TestTheCommandsOfThePages'

fuzz: ## fuzz each parser for FUZZTIME
	@.ci/fuzz $(FUZZTIME)

bench: ## measure, and write docs/benchmarks.md
	@.ci/bench

licenses: ## write THIRD_PARTY_LICENSES.txt, the licences of what is linked
	@.ci/licenses

check: ## gofmt, vet, staticcheck, tidy, licences, vulnerabilities, reproducible build
	@.ci/check

version: export NEW_VERSION = $(VERSION)
version: ## write VERSION into every file that says the version
	@.ci/version "$$NEW_VERSION"

# VERSION only counts here if it is given: the version to release.
release: export RELEASE_VERSION = $(if $(filter command environment,$(firstword $(origin VERSION))),$(VERSION))
release: export RELEASE_SIGN = $(SIGN)
release: ## build a release into dist/ from the last commit; VERSION=1.2.3 SIGN=KEYFILE PLATFORMS=linux/amd64
	@.ci/needs release git python3 npm
	@go build -C .ci/release -trimpath -buildvcs=false -o ../../build/release-tool .
	@build/release-tool -version "$$RELEASE_VERSION" -sign "$$RELEASE_SIGN" -platforms '$(PLATFORMS)' -url '$(RELEASE_URL)'

release-check: ## build a release twice, compare, install each file in an empty place; PLATFORMS
	@.ci/needs release-check git python3 npm file jq
	@.ci/release-check '$(PLATFORMS)'
