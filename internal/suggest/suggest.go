// Package suggest finds the word that a user may have meant. It prints nothing
// of the word that the user wrote. It imports nothing of this project, so that
// every package can use it.
package suggest

import "strings"

// Nearest returns the candidate that differs from a word in at most one edit, or
// two if it has more than five letters, and "" if there is none. Letter case, "_"
// and "-" do not count.
func Nearest(word string, candidates ...string) string {
	word = fold(word)
	if len(word) > 100 {
		return ""
	}
	nearest, best := "", 3
	for _, candidate := range candidates {
		folded := fold(candidate)
		limit := 1
		if len(folded) > 5 {
			limit = 2
		}
		if d := distance(word, folded); d <= limit && d < best && d < len(folded) {
			nearest, best = candidate, d
		}
	}
	return nearest
}

// Hint returns "did you mean PREFIXWORD?" for the nearest candidate, or otherwise.
func Hint(otherwise, word, prefix string, candidates ...string) string {
	if nearest := Nearest(word, candidates...); nearest != "" {
		return "did you mean " + prefix + nearest + "?"
	}
	return otherwise
}

func fold(word string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(word))
}

// distance returns how many letters must be inserted, deleted, replaced or swapped
// with the next one to make b of a: the optimal string alignment.
func distance(a, b string) int {
	var before, last []int // the rows of a[:i-2] and a[:i-1]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, append([]int{i}, make([]int, len(b))...)
		for j := 1; j <= len(b); j++ {
			replaced := last[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			row[j] = min(last[j]+1, row[j-1]+1, replaced)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
