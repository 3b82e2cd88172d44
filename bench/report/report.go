// Package report writes what was measured into Markdown files and pictures.
package report

import (
	"fmt"
	"os"
	"strings"
	"unicode/utf8"
)

// Section is the part of a Markdown file between <!-- name --> and
// <!-- /name -->. Only what stands between them is ever written.
type Section struct{ File, Name string }

// Write puts text into the section. It reports false, and writes nothing, when
// the file has no such section or there is no such file.
func (s Section) Write(text string) (bool, error) {
	data, err := os.ReadFile(s.File)
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	begin, end := fmt.Sprintf("<!-- %s -->", s.Name), fmt.Sprintf("<!-- /%s -->", s.Name)
	before, rest, opened := strings.Cut(string(data), begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return false, nil
	}
	whole := before + begin + "\n" + strings.TrimSpace(text) + "\n" + end + after
	return true, os.WriteFile(s.File, []byte(whole), 0o644)
}

// Table is a Markdown table under construction.
type Table struct{ text strings.Builder }

// Head begins a table. A column whose title begins with a space is a column of
// text, the others are of figures.
func (t *Table) Head(titles ...string) {
	t.row(titles)
	var rule []string
	for _, title := range titles {
		if strings.HasPrefix(title, " ") {
			rule = append(rule, ":--")
		} else {
			rule = append(rule, "--:")
		}
	}
	t.row(rule)
}

// Row adds a row.
func (t *Table) Row(cells ...string) { t.row(cells) }

func (t *Table) row(cells []string) {
	t.text.WriteString("|")
	for _, cell := range cells {
		t.text.WriteString(" " + strings.TrimSpace(strings.ReplaceAll(cell, "|", `\|`)) + " |")
	}
	t.text.WriteString("\n")
}

// String returns the table.
func (t *Table) String() string { return t.text.String() }

const width = 120 // of lines of text

// Wrap breaks the paragraphs of a Markdown text anew. Tables, headings, lists
// and pictures stay as they are.
func Wrap(text string) string {
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		if p != "" && !strings.ContainsAny(strings.TrimSpace(p)[:1], "|#-!<") {
			paragraphs[i] = fill(strings.Fields(p))
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

func fill(words []string) string {
	var b strings.Builder
	column := 0
	for i, w := range words {
		size := utf8.RuneCountInString(w)
		switch {
		case i == 0:
		case column+1+size > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(w)
		column += size
	}
	return b.String()
}
