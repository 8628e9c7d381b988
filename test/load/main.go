// Command load uses a platform as its visitors do, from a pod in the cluster: pages, the API with and without a token,
// comments, uploaded files; or writes and reads of the database alone, or live streams. Every second it prints a line of JSON that tells what became of the requests
// that ended in it, until it is told to stop.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/xatube/xatube-operator/test/drive"
)

// patience is how long the first visitor waits for the platform.
const patience = time.Minute

func main() {
	address := flag.String("address", "", "host:port of the platform's edge")
	rate := flag.Int("rate", 100, "requests in a second")
	authorities := flag.String("authorities", "", "certificates, in PEM, of those who sign for the edge; absent means HTTP")
	keys := flag.String("play", "", "comma-separated keys of streams to play, instead of requests")
	players := flag.Int("players", 1, "players of each stream")
	video := flag.Int("write", 0, "number of a video to comment on at the rate, while as many requests read, instead of other requests")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case *keys != "":
		err = viewers(ctx, *address, strings.Split(*keys, ","), *players)
	case *video != 0:
		err = writers(ctx, *address, *video, *rate)
	default:
		err = visitors(ctx, *address, *authorities, *rate)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// visitors make requests at a rate.
func visitors(ctx context.Context, address, authorities string, rate int) error {
	site := drive.Open(address)
	if authorities != "" {
		var err error
		if site, err = drive.OpenTLS(address, []byte(authorities)); err != nil {
			return err
		}
	}
	var v visitor
	err := drive.Until(ctx, patience, address, func(ctx context.Context) (err error) {
		v, err = visit(ctx, site)
		return err
	})
	if err != nil {
		return err
	}
	var r recorder
	load := drive.StartLoad(ctx, time.Second/time.Duration(rate), func(ctx context.Context, number int) error {
		started := time.Now()
		err := v.request(ctx, number)
		r.add(time.Since(started), err)
		return err
	})
	return r.printUntil(ctx, func() { load.Stop() })
}

// viewers play streams that are live.
func viewers(ctx context.Context, address string, keys []string, each int) error {
	if err := awaitLive(ctx, address, keys); err != nil {
		return err
	}
	var r recorder
	var playing sync.WaitGroup
	for _, key := range keys {
		for range each {
			playing.Go(func() { newPlayer(address, key).play(ctx, r.add) })
		}
	}
	return r.printUntil(ctx, playing.Wait)
}

// recorder gathers what became of the requests of one second.
type recorder struct {
	mu     sync.Mutex
	second drive.Second
}

func (r *recorder) add(took time.Duration, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.second.Milliseconds = append(r.second.Milliseconds, float64(took.Microseconds())/1000)
	if err != nil {
		r.second.Failures = append(r.second.Failures, err.Error())
	}
}

// count adds to one of the outcomes of the second.
func (r *recorder) count(of func(*drive.Second) *drive.Outcome, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	outcome := of(&r.second)
	outcome.Requests++
	if err != nil {
		outcome.Failed++
	}
}

// acknowledge notes a row at the moment of its acknowledgement.
func (r *recorder) acknowledge(number int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.second.Rows = append(r.second.Rows, drive.Row{Number: number, At: time.Now().UTC()})
}

// printUntil prints every second, and what came until finish has returned.
func (r *recorder) printUntil(ctx context.Context, finish func()) error {
	seconds := time.NewTicker(time.Second)
	defer seconds.Stop()
	for {
		select {
		case <-ctx.Done():
			finish()
			return r.print()
		case <-seconds.C:
			if err := r.print(); err != nil {
				return err
			}
		}
	}
}

func (r *recorder) print() error {
	r.mu.Lock()
	second := r.second
	r.second = drive.Second{}
	r.mu.Unlock()
	second.At = time.Now().UTC()
	if err := json.NewEncoder(os.Stdout).Encode(second); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}
