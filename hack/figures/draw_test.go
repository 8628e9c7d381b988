package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"testing"
)

func TestScale(t *testing.T) {
	tests := []struct {
		name      string
		gaps      []float64
		end, tick float64
	}{
		{"short", []float64{2.1, 2.9}, 3, 1},
		{"a dot at the end", []float64{12}, 12, 1},
		{"long", []float64{6, 53.2}, 55, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			end, tick := scale([]bar{{gaps: tt.gaps}})
			if end != tt.end || tick != tt.tick {
				t.Errorf("end %v, tick %v, want %v and %v", end, tick, tt.end, tt.tick)
			}
		})
	}
}

// TestSegments draws the steps one after the other, also where two were seen at once or in another order.
func TestSegments(t *testing.T) {
	b := bar{gaps: []float64{6, 8}, steps: timeline{Noticed: 2, Lease: 5, Promoted: 4, Written: 6}}
	var widths []float64
	for _, s := range b.view(0, func(seconds float64) float64 { return 10 * seconds }).Segments {
		widths = append(widths, s.Width)
	}
	want := []float64{20, 30, 0, 10}
	for i := range want {
		if widths[i] != want[i] {
			t.Fatalf("widths %v, want %v", widths, want)
		}
	}
}

func TestDraw(t *testing.T) {
	svg, err := draw((&comparison{Each: []float64{1, 2}, BaselineEach: []float64{20}}).bars("killed & lost"))
	if err != nil {
		t.Fatal(err)
	}
	for decoder := xml.NewDecoder(bytes.NewReader(svg)); ; {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("no XML: %v\n%s", err, svg)
		}
	}
}
