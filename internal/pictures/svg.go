package main

import (
	"fmt"
	"html"
	"strings"
)

// style has the colors of both schemes. The card behind a picture has the scheme's own
// background, so that a page of the other scheme does not make the text unreadable.
const style = `
text{font:14px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.head{font-weight:600}.dim{fill:#59636e}.small{font-size:12.5px}
.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:12.5px}
.card{fill:#fff}.box{fill:#f6f8fa;stroke:#818b98}.ours{fill:#ddf4ff;stroke:#0969da}.value{fill:#fff8c5;stroke:#9a6700}
.frame{fill:none;stroke:#818b98;stroke-dasharray:5 4}.line{stroke:#59636e;fill:none;stroke-width:1.5}.tip{fill:#59636e}
.bar{fill:#afb8c1}.ourbar{fill:#0969da}.cut{stroke:#fff;stroke-width:3}
@media (prefers-color-scheme:dark){
text{fill:#f0f6fc}.dim{fill:#9198a1}
.card{fill:#0d1117}.box{fill:#161b22;stroke:#656c76}.ours{fill:#0c2a4d;stroke:#4493f8}.value{fill:#3a2d06;stroke:#d29922}
.frame{stroke:#656c76}.line{stroke:#9198a1}.tip{fill:#9198a1}
.bar{fill:#4d5560}.ourbar{fill:#4493f8}.cut{stroke:#0d1117}
}
`

// picture is an SVG file that is being drawn. Lengths are in pixels.
type picture struct {
	body strings.Builder
}

// end returns the file, with a title and a description for readers who cannot see it.
func (p *picture) end(width, height int, title, description string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="t d">
<title id="t">%s</title>
<desc id="d">%s</desc>
<style>%s</style>
<rect class="card" width="%d" height="%d" rx="8"/>
%s</svg>
`, width, height, width, height, html.EscapeString(title), html.EscapeString(description), style, width, height, &p.body)
}

func (p *picture) add(format string, args ...any) { fmt.Fprintf(&p.body, format+"\n", args...) }

// box draws a rectangle with lines of text from its top; the first line is its heading.
func (p *picture) box(class string, x, y, width, height int, lines ...string) {
	p.add(`<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="6"/>`, class, x, y, width, height)
	for i, line := range lines {
		class := "small"
		if i == 0 {
			class = "head"
		}
		p.text(class, x+12, y+22+19*i, line)
	}
}

// text writes a line whose baseline starts at a place. Text in backquotes is code.
func (p *picture) text(class string, x, y int, text string) { p.anchored(class, "start", x, y, text) }

func (p *picture) anchored(class, anchor string, x, y int, text string) {
	if code, ok := strings.CutPrefix(text, "`"); ok {
		class, text = "code", strings.TrimSuffix(code, "`")
	}
	p.add(`<text class="%s" text-anchor="%s" x="%d" y="%d">%s</text>`, class, anchor, x, y, html.EscapeString(text))
}

// arrow draws a line through points, with a tip at the last one. The last part must be
// horizontal or vertical.
func (p *picture) arrow(points ...[2]int) {
	path := ""
	for i, point := range points {
		path += fmt.Sprintf("%c%d %d", "ML"[min(i, 1)], point[0], point[1])
	}
	p.add(`<path class="line" d="%s"/>`, path)
	to, from := points[len(points)-1], points[len(points)-2]
	dx, dy := sign(to[0]-from[0]), sign(to[1]-from[1])
	p.add(`<path class="tip" d="M%d %dL%d %dL%d %dZ"/>`, to[0], to[1],
		to[0]-9*dx-5*dy, to[1]-9*dy-5*dx, to[0]-9*dx+5*dy, to[1]-9*dy+5*dx)
}

func sign(n int) int { return max(-1, min(1, n)) }
