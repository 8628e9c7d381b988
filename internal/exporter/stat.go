package exporter

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// statBytes bounds what is read: some 700 bytes for each connection, of which a pod takes 4096.
const statBytes = 8 << 20

// statistics are what the rtmp module of nginx says of itself.
type statistics struct {
	XMLName      xml.Name      `xml:"rtmp"`
	Accepted     float64       `xml:"naccepted"`
	Applications []application `xml:"server>application"`
}

type application struct {
	Name    string   `xml:"name"`
	Streams []stream `xml:"live>stream"`
}

// stream that is published, or that somebody waits for. Its name is its key: it tells streams apart in memory and leaves
// it in no form.
type stream struct {
	Key        string    `xml:"name"`
	Received   uint64    `xml:"bytes_in"`
	Sent       uint64    `xml:"bytes_out"`
	Clients    []client  `xml:"client"`
	Publishing *struct{} `xml:"publishing"`
}

type client struct {
	Publishing *struct{} `xml:"publishing"`
}

// read the statistics of a server.
func read(ctx context.Context, c *http.Client, url string) (*statistics, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("asking nginx: %w", err)
	}
	response, err := c.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking nginx: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking nginx: %s", response.Status)
	}
	var out statistics
	if err := xml.NewDecoder(io.LimitReader(response.Body, statBytes)).Decode(&out); err != nil {
		// The decoder's words may hold a piece of a key.
		return nil, errors.New("asking nginx: its answer is not the statistics of the rtmp module")
	}
	return &out, nil
}
