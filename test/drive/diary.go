package drive

import (
	"context"
	"fmt"
	"sync"
)

// Diary is what a platform has acknowledged: rows that a user wrote.
type Diary struct {
	user  *User
	video int

	mu    sync.Mutex
	texts []string
}

// StartDiary uploads the video whose comments are the rows.
func (u *User) StartDiary(ctx context.Context, title string) (*Diary, error) {
	video, _, err := u.Upload(ctx, title, []byte("clip"))
	if err != nil {
		return nil, fmt.Errorf("starting a diary: %w", err)
	}
	return &Diary{user: u, video: video.ID}, nil
}

// Write writes a row, and keeps it in mind when the platform has acknowledged it.
func (d *Diary) Write(ctx context.Context, number int) error {
	text := fmt.Sprintf("row %d", number)
	if _, err := d.user.Comment(ctx, d.video, text); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.texts = append(d.texts, text)
	return nil
}

// Acknowledged is the number of rows that the platform has acknowledged.
func (d *Diary) Acknowledged() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.texts)
}

// Lost are the acknowledged rows that the platform does not hold any more.
func (d *Diary) Lost(ctx context.Context) ([]string, error) {
	present, err := d.user.Comments(ctx, d.video)
	if err != nil {
		return nil, fmt.Errorf("reading a diary: %w", err)
	}
	found := map[string]bool{}
	for _, comment := range present {
		found[comment.Text] = true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var lost []string
	for _, text := range d.texts {
		if !found[text] {
			lost = append(lost, text)
		}
	}
	return lost, nil
}
