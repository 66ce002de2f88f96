package main

import (
	"io"
	"strings"
	"text/tabwriter"

	"github.com/doorward/doorward/internal/plain"
)

// table prints lines in columns. What stands in a cell ends neither the cell nor the line: names come from others.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer) table { return table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)} }

// row adds a line; what goes wrong is told by flush.
func (t table) row(cells ...string) {
	shown := make([]string, len(cells))
	for i, cell := range cells {
		shown[i] = plain.Text(cell)
	}
	_, _ = io.WriteString(t.w, strings.Join(shown, "\t")+"\n")
}

// flush prints the lines.
func (t table) flush() error { return t.w.Flush() }
