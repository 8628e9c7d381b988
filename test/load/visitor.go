package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/xatube/xatube-operator/test/drive"
)

// visitor is a user who has uploaded a video. Some of his requests come over connections that are kept, some over new
// ones, which lead to whatever the edge's Service leads to by then.
type visitor struct {
	kept, fresh *drive.Site
	user        *drive.User
	video       drive.Video
}

func visit(ctx context.Context, site *drive.Site) (visitor, error) {
	kept := site.Unlimited()
	user, err := kept.Register(ctx)
	if err != nil {
		return visitor{}, err
	}
	video, _, err := user.Upload(ctx, "load", []byte("clip"))
	return visitor{kept: kept, fresh: kept.Unkept(), user: user, video: video}, err
}

// request makes one of a round of ten.
func (v visitor) request(ctx context.Context, number int) error {
	site := v.kept
	if number%4 == 0 {
		site = v.fresh
	}
	user := v.user.At(site)
	switch number % 10 {
	case 0, 1:
		return get(ctx, site, "/")
	case 2:
		return get(ctx, site, v.video.URL)
	case 3, 4, 5:
		return get(ctx, site, fmt.Sprintf("/api/videos/%d/comments?limit=5", v.video.ID))
	case 6:
		_, err := user.Comment(ctx, v.video.ID, fmt.Sprint(number))
		return err
	default:
		_, err := user.Me(ctx)
		return err
	}
}

func get(ctx context.Context, site *drive.Site, path string) error {
	answer, err := site.Get(ctx, path)
	if err == nil && answer.Status != http.StatusOK {
		err = &drive.StatusError{Method: http.MethodGet, Path: path, Answer: answer}
	}
	return err
}
