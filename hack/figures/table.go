package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/template"
)

//go:embed tables.md.tmpl
var tablesText string

var tables = template.Must(template.New("tables").Funcs(template.FuncMap{"each": each, "counts": counts}).Parse(tablesText))

// The tables stand between these lines of the page.
const (
	begin = "<!-- Written by make bench-figures from the results in benchmarks/. -->\n"
	end   = "<!-- End of what is written. -->\n"
)

// replaceTables puts the tables of some results into a page.
func replaceTables(page []byte, r results) ([]byte, error) {
	before, rest, found := strings.Cut(string(page), begin)
	if !found {
		return nil, errors.New("it has no place for tables")
	}
	_, after, found := strings.Cut(rest, end)
	if !found {
		return nil, errors.New("the place for tables has no end")
	}
	var text bytes.Buffer
	if err := tables.Execute(&text, r); err != nil {
		return nil, fmt.Errorf("writing tables: %w", err)
	}
	return []byte(before + begin + text.String() + end + after), nil
}

// counts are whole numbers, in the order of the events.
func counts(values []int) string {
	var words []string
	for _, v := range values {
		words = append(words, strconv.Itoa(v))
	}
	return strings.Join(words, ", ")
}

// each value, in the order of the events.
func each(values []float64) string {
	var words []string
	for _, v := range values {
		words = append(words, fmt.Sprintf("%.1f", v))
	}
	return strings.Join(words, ", ")
}
