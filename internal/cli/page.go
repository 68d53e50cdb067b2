package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Widths between which a page is set.
const (
	narrowest = 60
	widest    = 140
	// usual is for what is no terminal: logs and files.
	usual = 110
	// wide is what a wide table takes, however narrow the terminal.
	wide = 200
)

// page is what people read. It is written as a whole, once it is complete.
// Whatever is put on it has to be safe.
type page struct {
	b     strings.Builder
	width int
	color bool
}

func newPage(streams Streams) *page {
	width := usual
	if streams.Width > 0 {
		width = min(max(streams.Width, narrowest), widest)
	}
	return &page{width: width, color: streams.Color}
}

func (p *page) writeTo(out io.Writer) error {
	_, err := io.WriteString(out, strings.TrimRight(p.b.String(), "\n")+"\n")
	return err
}

// line is put as it is, however long: a command has to be copied in one piece.
func (p *page) line(format string, args ...any) {
	fmt.Fprintf(&p.b, format+"\n", args...)
}

func (p *page) blank() { p.b.WriteByte('\n') }

// paragraph wraps the text. The second line and those that follow are
// indented by as much as indent and mark take.
func (p *page) paragraph(indent, mark, paragraph string) {
	first := indent + mark
	rest := strings.Repeat(" ", text.StringWidth(first))
	for line := range strings.SplitSeq(text.WrapSoft(paragraph, p.width-len(rest)), "\n") {
		p.line("%s%s", first, strings.TrimRight(line, " "))
		first = rest
	}
}

// heading starts a section.
func (p *page) heading(title string) {
	p.blank()
	p.line("%s", p.paint(text.Bold, title))
}

// paint colours the text where colours are shown.
func (p *page) paint(color text.Color, s string) string {
	if !p.color {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", color, s)
}

const (
	columnGap     = 2
	columnMinimum = 14
)

// table sets the rows in columns. When they do not fit, the flexible columns
// are wrapped.
func (p *page) table(indent int, header []string, rows [][]string, flexible ...int) {
	widths := p.columnWidths(p.width-indent, header, rows, flexible)
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", strings.Repeat(" ", columnGap)
	style.Format.Header = text.FormatUpper
	t.SetStyle(style)
	configs := make([]table.ColumnConfig, len(widths))
	for i, width := range widths {
		configs[i] = table.ColumnConfig{Number: i + 1, WidthMax: width, WidthMaxEnforcer: text.WrapSoft}
	}
	t.SetColumnConfigs(configs)
	t.AppendHeader(tableRow(header))
	for _, row := range rows {
		t.AppendRow(tableRow(row))
	}
	for line := range strings.SplitSeq(t.Render(), "\n") {
		p.line("%s%s", strings.Repeat(" ", indent), strings.TrimRight(line, " "))
	}
}

func tableRow(cells []string) table.Row {
	row := make(table.Row, len(cells))
	for i, cell := range cells {
		row[i] = cell
	}
	return row
}

// columnWidths takes from the flexible columns, the widest first, what there
// is no room for.
func (p *page) columnWidths(room int, header []string, rows [][]string, flexible []int) []int {
	widths := make([]int, len(header))
	for i, cell := range header {
		widths[i] = text.StringWidth(cell)
	}
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], text.LongestLineLen(cell))
		}
	}
	over := columnGap*(len(widths)-1) - room
	for _, width := range widths {
		over += width
	}
	for over > 0 {
		widestColumn := -1
		for _, i := range flexible {
			if widths[i] > columnMinimum && (widestColumn < 0 || widths[i] > widths[widestColumn]) {
				widestColumn = i
			}
		}
		if widestColumn < 0 {
			break
		}
		widths[widestColumn]--
		over--
	}
	return widths
}
