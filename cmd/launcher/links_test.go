package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

const repository = "../../"

// listOfMessages is generated, and as long as there are messages.
const listOfMessages = "docs/messages.md"

// docsPages returns the README, what else is beside it for readers, and every page of docs
// and of the modules, as paths from the repository's folder.
func docsPages(t *testing.T) (pages []string) {
	t.Helper()
	for _, pattern := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/*.md", "docs/*/*.md", "handler/*.md", "handler/*/*.md", "examples/*/*.md"} {
		files, err := filepath.Glob(repository + pattern)
		require.NoError(t, err)
		for _, file := range files {
			pages = append(pages, strings.TrimPrefix(file, repository))
		}
	}
	return pages
}

// prose returns a page without its blocks of code, as they hold no links and no headings.
func prose(t *testing.T, page string) string {
	t.Helper()
	return regexp.MustCompile("(?ms)^ *```.*?^ *```$").ReplaceAllString(launchertest.ReadFile(t, repository+page), "")
}

// links returns the targets of a page's links and pictures in the repository, as "path#anchor".
func links(t *testing.T, page string) (targets []string) {
	t.Helper()
	for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(prose(t, page), -1) {
		if strings.Contains(link[1], "://") {
			continue
		}
		path, anchor, _ := strings.Cut(link[1], "#")
		target := page
		if path != "" {
			target = filepath.Join(filepath.Dir(page), path)
		}
		targets = append(targets, target+"#"+anchor)
	}
	return targets
}

// anchors returns the anchors that a forge gives to the page's headings.
func anchors(t *testing.T, page string) (found []string) {
	t.Helper()
	seen := map[string]int{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ +(.*?) *$`).FindAllStringSubmatch(prose(t, page), -1) {
		text := regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(heading[1], "$1")
		anchor := strings.ReplaceAll(regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(text), ""), " ", "-")
		if seen[anchor]++; seen[anchor] > 1 {
			anchor = fmt.Sprint(anchor, "-", seen[anchor]-1)
		}
		found = append(found, anchor)
	}
	return found
}

// TestEveryLinkOfTheDocsResolves finds the file and the heading of every link.
func TestEveryLinkOfTheDocsResolves(t *testing.T) {
	for _, page := range docsPages(t) {
		for _, target := range links(t, page) {
			path, anchor, _ := strings.Cut(target, "#")
			if _, err := os.Stat(repository + path); err != nil {
				t.Errorf("%s: %s does not exist", page, path)
			} else if anchor != "" && !slices.Contains(anchors(t, path), anchor) {
				t.Errorf("%s: %s has no heading %q", page, path, anchor)
			}
		}
	}
}

// TestEveryPageOfTheDocsIsLinked follows the links from the README.
func TestEveryPageOfTheDocsIsLinked(t *testing.T) {
	pages, reached := docsPages(t), []string{"README.md"}
	for i := 0; i < len(reached); i++ {
		for _, target := range links(t, reached[i]) {
			path, _, _ := strings.Cut(target, "#")
			if strings.HasSuffix(path, ".md") && !slices.Contains(reached, path) && slices.Contains(pages, path) {
				reached = append(reached, path)
			}
		}
	}
	for _, page := range pages {
		if strings.HasPrefix(page, "docs/") && !slices.Contains(reached, page) {
			t.Errorf("no link leads from README.md to %s", page)
		}
	}
}

// TestEveryPageOfTheDocsIsShort counts lines, and finds limits that are not at the end.
func TestEveryPageOfTheDocsIsShort(t *testing.T) {
	for _, page := range docsPages(t) {
		text := launchertest.ReadFile(t, repository+page)
		if lines := strings.Count(text, "\n"); lines > 200 && page != listOfMessages {
			t.Errorf("%s has %d lines; split it, or shorten it to 200", page, lines)
		}
		if _, after, found := strings.Cut(text, "\n## Limits\n"); found && strings.Contains(after, "\n## ") && page != "README.md" {
			t.Errorf("%s: the section Limits is not the last one", page)
		}
	}
}

// TestEveryFeatureHasLimits finds the section in each page that describes a feature.
func TestEveryFeatureHasLimits(t *testing.T) {
	withoutLimits := []string{
		"docs/azure-faults.md", "docs/languages.md", "docs/mlrun-calls.md", listOfMessages, // generated
		"docs/design.md", "docs/new-source.md", "docs/release.md", "docs/benchmarks.md", // for contributors
		"docs/troubleshooting.md",
	}
	for _, page := range docsPages(t) {
		text := launchertest.ReadFile(t, repository+page)
		if strings.HasPrefix(page, "docs/") && !slices.Contains(withoutLimits, page) && !strings.Contains(text, "\n## Limits\n") {
			t.Errorf("%s has no section Limits", page)
		}
	}
}
