package main

import (
	"context"
	"time"

	"github.com/xatube/xatube-operator/test/drive"
)

// writers comment on a video at a rate, whether or not earlier comments have been acknowledged, and report each
// acknowledgement. As many requests read from the database: no cache answers those who bring a token.
func writers(ctx context.Context, address string, video, rate int) error {
	site := drive.Open(address).Unlimited()
	var user *drive.User
	err := drive.Until(ctx, patience, address, func(ctx context.Context) (err error) {
		user, err = site.Register(ctx)
		return err
	})
	if err != nil {
		return err
	}
	var r recorder
	every := time.Second / time.Duration(rate)
	writes := drive.StartLoad(ctx, every, func(ctx context.Context, number int) error {
		started := time.Now()
		_, err := user.Comment(ctx, video, drive.Row{Number: number}.Text())
		if err == nil {
			r.acknowledge(number)
		}
		r.add(time.Since(started), err)
		r.count(func(s *drive.Second) *drive.Outcome { return &s.Writes }, err)
		return err
	})
	reads := drive.StartLoad(ctx, every, func(ctx context.Context, _ int) error {
		started := time.Now()
		_, err := user.Me(ctx)
		r.add(time.Since(started), err)
		r.count(func(s *drive.Second) *drive.Outcome { return &s.Reads }, err)
		return err
	})
	return r.printUntil(ctx, func() {
		writes.Stop()
		reads.Stop()
	})
}
