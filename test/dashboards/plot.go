package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xatube/xatube-operator/test/drive"
)

var palette = []string{"#3274d9", "#56a64b", "#ff780a", "#a352cc", "#e02f44", "#f2cc0c", "#37872d", "#5794f2", "#b877d9", "#c4162a"}

// plot maps times and values into a panel.
type plot struct {
	left, top, width, height float64
	from, to                 time.Time
	low, high                float64
}

func newPlot(d *drawing, data []found, left float64) plot {
	p := plot{left: left, top: titleBar, width: d.Width - left - gap, height: d.Height - titleBar - legendBar - 14}
	for _, s := range data {
		first, last := s.Points[0].At, s.Points[len(s.Points)-1].At
		if p.from.IsZero() || first.Before(p.from) {
			p.from = first
		}
		if last.After(p.to) {
			p.to = last
		}
	}
	return p
}

func (p plot) x(at time.Time) float64 {
	whole := max(p.to.Sub(p.from).Seconds(), 1)
	return tenth(p.left + at.Sub(p.from).Seconds()/whole*p.width)
}

func (p plot) y(value float64) float64 {
	return tenth(p.top + (1-(value-p.low)/(p.high-p.low))*p.height)
}

// drawSeries is a line for each series, or a stack of areas.
func (p panel) drawSeries(d *drawing, data []found) {
	stacked := p.FieldConfig.Defaults.Custom.Stacking.Mode == "normal"
	base := map[int64]float64{}
	area := newPlot(d, data, axis)
	area.high = highest(data, stacked)
	if limit := p.FieldConfig.Defaults.Max; limit != nil {
		area.high = *limit
	}
	area.drawScale(d, p.FieldConfig.Defaults.Unit)
	for i, s := range data {
		c := curve{Colour: palette[i%len(palette)], Closed: stacked}
		var upper, lower []string
		for _, point := range s.Points {
			under := base[point.At.UnixMilli()]
			value := point.Value
			if stacked {
				value += under
				base[point.At.UnixMilli()] = value
			}
			upper = append(upper, fmt.Sprintf("%g,%g", area.x(point.At), area.y(value)))
			lower = append(lower, fmt.Sprintf("%g,%g", area.x(point.At), area.y(under)))
		}
		if stacked {
			slices.Reverse(lower)
			upper = append(upper, lower...)
		}
		c.Points = strings.Join(upper, " ")
		d.Curves = append(d.Curves, c)
	}
	drawLegend(d, data)
}

// highest value that is drawn, or a little more than nothing.
func highest(data []found, stacked bool) float64 {
	sums := map[int64]float64{}
	top := 0.0
	for _, s := range data {
		for _, point := range s.Points {
			value := point.Value
			if stacked {
				sums[point.At.UnixMilli()] += value
				value = sums[point.At.UnixMilli()]
			}
			top = max(top, value)
		}
	}
	if top == 0 {
		return 1
	}
	return top * 1.1
}

// drawScale is the values at the left and the times below.
func (p plot) drawScale(d *drawing, unit string) {
	const steps = 4
	for i := range steps + 1 {
		value := p.low + (p.high-p.low)*float64(i)/steps
		d.Lines = append(d.Lines, line{p.left, p.y(value), p.left + p.width, p.y(value)})
		d.Texts = append(d.Texts, text{X: p.left - 4, Y: p.y(value) + 4, Text: format(unit, value), Anchor: "end", Colour: "#666666", Size: 9})
	}
	p.drawTimes(d)
}

func (p plot) drawTimes(d *drawing) {
	for _, at := range []time.Time{p.from, p.from.Add(p.to.Sub(p.from) / 2), p.to} {
		anchor := map[time.Time]string{p.from: "start", p.to: "end"}[at]
		d.Texts = append(d.Texts, text{
			X: p.x(at), Y: p.top + p.height + 12, Text: at.UTC().Format("15:04"), Anchor: cmp.Or(anchor, "middle"), Colour: "#666666", Size: 9,
		})
	}
}

// drawLegend is as many names as fit in two lines.
func drawLegend(d *drawing, data []found) {
	x, y := 8.0, d.Height-legendBar+10
	for i, s := range data {
		width := 22 + 6.2*float64(len(s.legend))
		if x+width > d.Width {
			x, y = 8, y+13
		}
		if y > d.Height {
			return
		}
		d.Boxes = append(d.Boxes, box{X: x, Y: y - 8, Width: 8, Height: 8, Colour: palette[i%len(palette)]})
		d.Texts = append(d.Texts, text{X: x + 12, Y: y, Text: s.legend, Size: 10})
		x = tenth(x + width)
	}
}

// drawStates is a band for each series, in the colours of its values.
func (p panel) drawStates(d *drawing, data []found) {
	area := newPlot(d, data, 150)
	area.height += legendBar
	height := area.height / float64(len(data))
	for i, s := range data {
		y := tenth(area.top + float64(i)*height)
		d.Texts = append(d.Texts, text{X: area.left - gap, Y: tenth(y + height/2 + 4), Text: s.legend, Anchor: "end"})
		for _, state := range s.states() {
			_, colour := p.word(state.Value)
			d.Boxes = append(d.Boxes, box{
				X: area.x(state.At), Y: y + 1, Width: tenth(area.x(state.until) - area.x(state.At)), Height: tenth(height - 2), Colour: colour,
			})
		}
	}
	area.drawTimes(d)
}

// state is a value that lasts.
type state struct {
	drive.Point
	until time.Time
}

// states of a series, one for each change of its value. A hole in the data is a hole between two of them.
func (f found) states() []state {
	var all []state
	for _, point := range f.Points {
		if n := len(all); n > 0 && point.At.Sub(all[n-1].until) <= resolution {
			all[n-1].until = point.At
			if all[n-1].Value == point.Value {
				continue
			}
		}
		all = append(all, state{point, point.At})
	}
	return all
}

// drawHeat is a cell for each bucket and time, the darker the more fell into it.
func drawHeat(d *drawing, data []found) {
	slices.SortFunc(data, func(a, b found) int { return cmp.Compare(bound(a), bound(b)) })
	area := newPlot(d, data, axis)
	area.height += legendBar
	height := area.height / float64(len(data))
	below := map[int64]float64{}
	counts := make([]map[int64]float64, len(data))
	most := 0.0
	for i, s := range data {
		counts[i] = map[int64]float64{}
		for _, point := range s.Points {
			at := point.At.UnixMilli()
			// Buckets count what lies below them too.
			counts[i][at] = max(0, point.Value-below[at])
			below[at] = point.Value
			most = max(most, counts[i][at])
		}
	}
	width := area.width * resolution.Seconds() / max(area.to.Sub(area.from).Seconds(), resolution.Seconds())
	for i, s := range data {
		y := tenth(area.top + area.height - float64(i+1)*height)
		d.Texts = append(d.Texts, text{X: area.left - 4, Y: tenth(y + height/2 + 3), Text: s.Labels["le"], Anchor: "end", Colour: "#666666", Size: 8})
		for _, at := range slices.Sorted(maps.Keys(counts[i])) {
			if count := counts[i][at]; count > 0 {
				d.Boxes = append(d.Boxes, box{
					X: area.x(time.UnixMilli(at)), Y: y, Width: tenth(width), Height: tenth(height - 1),
					Colour: "#3274d9", Opacity: math.Round((0.1+0.9*math.Sqrt(count/most))*100) / 100,
				})
			}
		}
	}
	area.drawTimes(d)
}

// bound of a bucket; that of everything is infinite.
func bound(f found) float64 {
	le, err := strconv.ParseFloat(f.Labels["le"], 64)
	if err != nil {
		return math.Inf(1)
	}
	return le
}

// unknown is a label in a legend that the series does not have.
var unknown = regexp.MustCompile(`{{.*?}}`)

// legend names a series as Grafana does.
func legend(format string, labels map[string]string) string {
	if format != "__auto" {
		for name, value := range labels {
			format = strings.ReplaceAll(format, "{{"+name+"}}", value)
		}
		return unknown.ReplaceAllString(format, "")
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, name+"="+labels[name])
	}
	return strings.Join(pairs, " ")
}

// format a value in one of Grafana's units.
func format(unit string, value float64) string {
	switch unit {
	case "percentunit":
		return number(value*100) + " %"
	case "s":
		return seconds(value)
	case "bytes", "Bps":
		size, prefixes := value, []string{"", "Ki", "Mi", "Gi", "Ti"}
		for len(prefixes) > 1 && size >= 1024 {
			size, prefixes = size/1024, prefixes[1:]
		}
		return number(size) + " " + prefixes[0] + map[string]string{"bytes": "B", "Bps": "B/s"}[unit]
	case "reqps":
		return number(value) + " req/s"
	case "ops":
		return number(value) + "/s"
	}
	return number(value)
}

func seconds(value float64) string {
	switch {
	case value != 0 && value < 1:
		return number(value*1000) + " ms"
	case value < 120:
		return number(value) + " s"
	case value < 2*60*60:
		return number(value/60) + " min"
	}
	return number(value/60/60) + " h"
}

// number with three digits, and all those before the point.
func number(value float64) string {
	if math.Abs(value) >= 1000 {
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	return strconv.FormatFloat(value, 'g', 3, 64)
}
