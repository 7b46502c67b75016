package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// table is benchmarks.json: how long programs take, as a multiple of the first of them
// that is worth 1.
type table struct {
	Title string
	Note  string
	Limit float64 // the longest bar; a longer one is cut
	Rows  []struct {
		Program string
		Ratio   float64
	}
}

// bars returns the bars of a table, in its order.
func bars(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var data table
	if err := json.Unmarshal(text, &data); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if data.Limit <= 0 || len(data.Rows) == 0 {
		return "", fmt.Errorf("%s: it has no limit or no rows", path)
	}
	const left, longest = 236, 560
	var p picture
	p.text("head", 24, 34, data.Title)
	p.text("small dim", 24, 54, data.Note)
	y := 76
	for _, row := range data.Rows {
		class, label := "bar", "small"
		if row.Program == "launcher" {
			class, label = "ourbar", "head"
		}
		width := int(min(row.Ratio, data.Limit) / data.Limit * longest)
		p.anchored(label, "end", left-12, y+14, row.Program)
		p.add(`<rect class="%s" x="%d" y="%d" width="%d" height="18" rx="2"/>`, class, left, y, width)
		if row.Ratio > data.Limit {
			p.add(`<path class="cut" d="M%d %dl8 -22"/>`, left+width-30, y+20)
		}
		p.text(label, left+width+8, y+14, fmt.Sprintf("%.3g", row.Ratio))
		y += 26
	}
	return p.end(900, y+14, data.Title, data.Note), nil
}
