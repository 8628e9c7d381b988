package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"math"
	"slices"
	"text/template"
)

//go:embed plot.svg.tmpl
var page string

var plot = template.Must(template.New("plot").Parse(page))

// The layout, in pixels.
const (
	left, width, right = 280.0, 560.0, 90.0
	top, row, bottom   = 64.0, 44.0, 48.0
	thickness          = 20.0
)

// steps of a change of the primary, in their order, with their colours.
var steps = []struct {
	Name, Colour string
	end          func(timeline) float64
}{
	{"until the loss is noticed", "#d9d9d9", func(t timeline) float64 { return t.Noticed }},
	{"until the lease is taken", "#9ecae1", func(t timeline) float64 { return t.Lease }},
	{"until another is the primary", "#4292c6", func(t timeline) float64 { return t.Promoted }},
	{"until a write is acknowledged", "#084594", func(t timeline) float64 { return t.Written }},
}

// view is what the template draws.
type view struct {
	Width, Height, Left, Right, Top, Bottom float64
	Legend                                  []label
	Ticks                                   []label
	Rows                                    []rowView
}

type label struct {
	X, Y         float64
	Text, Colour string
}

type rowView struct {
	Title    string
	Y        float64
	Segments []segment
	Dots     []float64
	Median   label
}

type segment struct {
	X, Y, Width, Height float64
	Colour              string
}

func draw(bars []bar) ([]byte, error) {
	end, tick := scale(bars)
	x := func(seconds float64) float64 { return tenth(left + seconds/end*width) }
	v := view{Width: left + width + right, Height: top + row*float64(len(bars)) + bottom, Left: left, Right: left + width, Top: top}
	v.Bottom = v.Height - bottom
	for i, s := range steps {
		v.Legend = append(v.Legend, label{X: 16 + float64(i)*212, Y: 36, Text: s.Name, Colour: s.Colour})
	}
	for seconds := 0.0; seconds <= end; seconds += tick {
		v.Ticks = append(v.Ticks, label{X: x(seconds), Y: v.Bottom + 18, Text: fmt.Sprintf("%g", seconds)})
	}
	for i, b := range bars {
		v.Rows = append(v.Rows, b.view(top+row*(float64(i)+0.5), x))
	}
	var svg bytes.Buffer
	if err := plot.Execute(&svg, v); err != nil {
		return nil, fmt.Errorf("drawing: %w", err)
	}
	return svg.Bytes(), nil
}

func (b bar) view(y float64, x func(float64) float64) rowView {
	r := rowView{Title: b.title, Y: y}
	from := 0.0
	for _, s := range steps {
		to := max(from, min(s.end(b.steps), b.steps.Written))
		r.Segments = append(r.Segments, segment{x(from), y - thickness/2, tenth(x(to) - x(from)), thickness, s.Colour})
		from = to
	}
	for _, gap := range b.gaps {
		r.Dots = append(r.Dots, x(gap))
	}
	r.Median = label{X: x(slices.Max(append([]float64{from}, b.gaps...))) + 8, Y: y + 4, Text: fmt.Sprintf("median %.1f s", b.median)}
	return r
}

// scale is the end of the axis in seconds, beyond all bars, and the distance of its ticks.
func scale(bars []bar) (end, tick float64) {
	longest := 1.0
	for _, b := range bars {
		longest = slices.Max(append([]float64{longest, b.steps.Written}, b.gaps...))
	}
	for _, tick = range []float64{1, 2, 5, 10, 20, 50, 100} {
		if longest/tick <= 12 {
			break
		}
	}
	return math.Ceil(longest/tick) * tick, tick
}

func tenth(x float64) float64 { return math.Round(x*10) / 10 }
