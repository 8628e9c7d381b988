package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"math"
	"text/template"
	"time"

	"github.com/xatube/xatube-operator/test/drive"
)

//go:embed picture.svg.tmpl
var page string

var pageTemplate = template.Must(template.New("picture").Parse(page))

// The layout, in pixels: what a column and a row of Grafana's grid take.
const (
	column, gridRow = 50.0, 26.0
	heading, gap    = 36.0, 6.0
	// Around the plot of a panel: the values of the axis, the title, the legend.
	axis, titleBar, legendBar = 66.0, 26.0, 30.0
)

// The span that is drawn, and its resolution.
const (
	span       = 15 * time.Minute
	resolution = 10 * time.Second
)

// view is what the template draws.
type view struct {
	Title         string
	Width, Height float64
	Panels        []*drawing
}

// drawing is one panel, in coordinates of its own.
type drawing struct {
	Title, Fill         string
	X, Y, Width, Height float64
	Lines               []line
	Boxes               []box
	Curves              []curve
	Texts               []text
}

type line struct{ X1, Y1, X2, Y2 float64 }

type box struct {
	X, Y, Width, Height float64
	Colour              string
	Opacity             float64
}

type curve struct {
	Points, Colour string
	Closed         bool
}

type text struct {
	X, Y                 float64
	Text, Anchor, Colour string
	Size                 int
}

// found is one series of a panel with the name that the legend gives it.
type found struct {
	drive.Series
	legend string
}

// picture draws a dashboard from what Prometheus answers.
func picture(ctx context.Context, prometheus asker, b board) ([]byte, error) {
	v := view{Title: b.Title, Width: 24*column + gap}
	for _, p := range b.Panels {
		data, err := p.data(ctx, prometheus)
		if err != nil {
			return nil, err
		}
		d := p.drawing()
		p.draw(d, data)
		v.Panels = append(v.Panels, d)
		v.Height = max(v.Height, d.Y+d.Height+gap)
	}
	var svg bytes.Buffer
	if err := pageTemplate.Execute(&svg, v); err != nil {
		return nil, fmt.Errorf("rendering: %w", err)
	}
	return svg.Bytes(), nil
}

// data of all queries of a panel.
func (p panel) data(ctx context.Context, prometheus asker) ([]found, error) {
	var all []found
	for _, t := range p.Targets {
		series, err := prometheus.Range(ctx, t.Expr, span, resolution)
		if t.Instant {
			series, err = prometheus.Query(ctx, t.Expr)
		}
		if err != nil {
			return nil, err
		}
		for _, s := range series {
			all = append(all, found{s, legend(t.LegendFormat, s.Labels)})
		}
	}
	return all, nil
}

func (p panel) drawing() *drawing {
	g := p.GridPos
	return &drawing{
		Title: p.Title, Fill: "white",
		X: float64(g.X)*column + gap, Y: heading + float64(g.Y)*gridRow,
		Width: float64(g.W)*column - gap, Height: float64(g.H)*gridRow - gap,
	}
}

func (p panel) draw(d *drawing, data []found) {
	if len(data) == 0 {
		d.Texts = append(d.Texts, text{X: d.Width / 2, Y: d.Height / 2, Text: "No data", Anchor: "middle", Colour: "#888888", Size: 14})
		return
	}
	switch p.Type {
	case "stat":
		p.drawStat(d, data)
	case "bargauge":
		p.drawBars(d, data)
	case "state-timeline":
		p.drawStates(d, data)
	case "heatmap":
		drawHeat(d, data)
	default:
		p.drawSeries(d, data)
	}
}

// drawStat is a number on its colour.
func (p panel) drawStat(d *drawing, data []found) {
	last := data[0].last()
	shown, colour := p.word(last)
	if shown == "" {
		shown = format(p.FieldConfig.Defaults.Unit, last)
	}
	if p.Options.TextMode == "name" {
		shown = data[0].legend
	}
	d.Fill = colour
	d.Texts = append(d.Texts, text{X: d.Width / 2, Y: d.Height/2 + 18, Text: shown, Anchor: "middle", Colour: "white", Size: 24})
}

// drawBars is a bar for each series.
func (p panel) drawBars(d *drawing, data []found) {
	largest := 0.0
	for _, s := range data {
		largest = max(largest, s.last())
	}
	if limit := p.FieldConfig.Defaults.Max; limit != nil {
		largest = *limit
	}
	const name, number = 150.0, 60.0
	height := min((d.Height-titleBar-gap)/float64(len(data)), 24)
	for i, s := range data {
		y := titleBar + float64(i)*height
		_, colour := p.word(s.last())
		width := (d.Width - name - number) * min(1, s.last()/max(largest, math.SmallestNonzeroFloat64))
		d.Texts = append(d.Texts,
			text{X: name - gap, Y: tenth(y + height/2 + 4), Text: s.legend, Anchor: "end"},
			text{X: tenth(name + width + gap), Y: tenth(y + height/2 + 4), Text: format(p.FieldConfig.Defaults.Unit, s.last())})
		d.Boxes = append(d.Boxes, box{X: name, Y: tenth(y + 2), Width: tenth(width), Height: tenth(height - 4), Colour: colour})
	}
}

func (f found) last() float64 { return f.Points[len(f.Points)-1].Value }

// word is the text that a panel gives to a value, if any, and its colour.
func (p panel) word(value float64) (shown, colour string) {
	for _, m := range p.FieldConfig.Defaults.Mappings {
		if word, ok := m.Options[fmt.Sprintf("%g", value)]; ok {
			return word.Text, shade(word.Color)
		}
	}
	colour = "blue"
	for _, s := range p.FieldConfig.Defaults.Thresholds.Steps {
		if s.Value == nil || value >= *s.Value {
			colour = s.Color
		}
	}
	return "", shade(colour)
}

// shade is Grafana's colour of a name.
func shade(name string) string {
	shades := map[string]string{"green": "#56a64b", "red": "#e02f44", "orange": "#ff780a", "blue": "#3274d9"}
	if known, ok := shades[name]; ok {
		return known
	}
	return "#808080"
}

func tenth(x float64) float64 { return math.Round(x*10) / 10 }
