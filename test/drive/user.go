package drive

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// User is a registered user who has logged in at a site.
type User struct {
	site     *Site
	Name     string
	password string
	token    string
	Channel  Channel
}

// Channel of a user. Its stream key lets him publish.
type Channel struct {
	ID        int    `json:"id"`
	StreamKey string `json:"stream_key"`
}

// Video that was uploaded.
type Video struct {
	ID  int    `json:"id"`
	URL string `json:"video_url"`
}

// Comment on a video.
type Comment struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
}

// Register makes a user with a name of his own, and logs him in.
func (s *Site) Register(ctx context.Context) (*User, error) {
	u := &User{site: s, Name: "u" + strings.ToLower(rand.Text()[:12]), password: rand.Text()}
	body := map[string]string{"username": u.Name, "email": u.Name + "@example.com", "password": u.password}
	if err := u.call(ctx, http.MethodPost, "/api/auth/register", http.StatusOK, body, nil); err != nil {
		return nil, fmt.Errorf("registering: %w", err)
	}
	if err := u.Login(ctx); err != nil {
		return nil, err
	}
	if err := u.call(ctx, http.MethodGet, "/api/channels/my", http.StatusOK, nil, &u.Channel); err != nil {
		return nil, fmt.Errorf("reading the own channel: %w", err)
	}
	return u, nil
}

// Login takes a new token. The API takes the credentials from the query string.
func (u *User) Login(ctx context.Context) error {
	var answer struct {
		Token string `json:"access_token"`
	}
	query := url.Values{"username": {u.Name}, "password": {u.password}}
	if err := u.call(ctx, http.MethodPost, "/api/auth/login?"+query.Encode(), http.StatusOK, nil, &answer); err != nil {
		return fmt.Errorf("logging in: %w", err)
	}
	u.token = answer.Token
	return nil
}

// At is the same user at another address of the platform.
func (u *User) At(s *Site) *User {
	other := *u
	other.site = s
	return &other
}

// Me asks who the token belongs to. The answer comes from the database: requests with a token pass by the edge's cache.
func (u *User) Me(ctx context.Context) (Answer, error) {
	var me struct {
		Username string `json:"username"`
	}
	answer, err := u.ask(ctx, http.MethodGet, "/api/auth/me", http.StatusOK, nil, &me)
	if err == nil && me.Username != u.Name {
		return answer, fmt.Errorf("/api/auth/me answers %q to %q", me.Username, u.Name)
	}
	return answer, err
}

// StreamKey reads the key of the user's channel.
func (u *User) StreamKey(ctx context.Context) (string, error) {
	var answer struct {
		Key string `json:"stream_key"`
	}
	err := u.call(ctx, http.MethodGet, fmt.Sprintf("/api/channels/%d/stream-key", u.Channel.ID), http.StatusOK, nil, &answer)
	return answer.Key, err
}

// Upload sends a video. The answer tells which replica stored it.
func (u *User) Upload(ctx context.Context, title string, content []byte) (Video, Answer, error) {
	body, media, err := videoForm(title, content)
	if err != nil {
		return Video{}, Answer{}, err
	}
	path := fmt.Sprintf("/api/streams/%d/upload-video", u.Channel.ID)
	header := u.header()
	header.Set("Content-Type", media)
	answer, err := u.site.do(ctx, http.MethodPost, path, header, body)
	if err != nil {
		return Video{}, answer, err
	}
	var video Video
	return video, answer, want(http.MethodPost, path, http.StatusCreated, answer, &video)
}

func videoForm(title string, content []byte) (body []byte, media string, err error) {
	var buffer bytes.Buffer
	form := multipart.NewWriter(&buffer)
	if err := form.WriteField("title", title); err != nil {
		return nil, "", fmt.Errorf("writing a form: %w", err)
	}
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="video"; filename="clip.mp4"`}, "Content-Type": {"video/mp4"},
	})
	if err != nil {
		return nil, "", fmt.Errorf("writing a form: %w", err)
	}
	if _, err := part.Write(content); err != nil {
		return nil, "", fmt.Errorf("writing a form: %w", err)
	}
	if err := form.Close(); err != nil {
		return nil, "", fmt.Errorf("writing a form: %w", err)
	}
	return buffer.Bytes(), form.FormDataContentType(), nil
}

// Comment writes a comment; when it answers without an error, the platform has acknowledged it.
func (u *User) Comment(ctx context.Context, video int, text string) (Comment, error) {
	var comment Comment
	err := u.call(ctx, http.MethodPost, fmt.Sprintf("/api/videos/%d/comments", video), http.StatusCreated, map[string]string{"text": text}, &comment)
	return comment, err
}

// commentPage is how many comments are read at once.
const commentPage = 500

// Comments reads all comments of a video.
func (u *User) Comments(ctx context.Context, video int) ([]Comment, error) {
	var all []Comment
	for {
		var page []Comment
		path := fmt.Sprintf("/api/videos/%d/comments?skip=%d&limit=%d", video, len(all), commentPage)
		if err := u.call(ctx, http.MethodGet, path, http.StatusOK, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < commentPage {
			return all, nil
		}
	}
}

func (u *User) header() http.Header {
	header := http.Header{}
	if u.token != "" {
		header.Set("Authorization", "Bearer "+u.token)
	}
	return header
}

func (u *User) call(ctx context.Context, method, path string, status int, body, into any) error {
	_, err := u.ask(ctx, method, path, status, body, into)
	return err
}

func (u *User) ask(ctx context.Context, method, path string, status int, body, into any) (Answer, error) {
	header := u.header()
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return Answer{}, fmt.Errorf("%s %s: %w", method, path, err)
		}
		header.Set("Content-Type", "application/json")
	}
	answer, err := u.site.do(ctx, method, path, header, content)
	if err != nil {
		return answer, err
	}
	return answer, want(method, path, status, answer, into)
}
