// Package route sorts the paths of the edge into a few kinds. nginx writes the kind of each request down, the exporter counts
// by it, and rules ask for it: no path, which may hold the key of a stream, is ever a label.
package route

// Route is a kind of request.
type Route struct {
	// Name is the value of the label, of the form [a-z_]+.
	Name string
	// Pattern is what nginx matches the normalised path with, in the order of All.
	Pattern string
	// Timed: how long a request takes tells how fast the platform is, not how large a file or how long a conversation was.
	Timed bool
}

// Paused is the route of every request while the platform is hibernated.
const Paused = "paused"

// All routes by their patterns; the first that matches is it. The last one has none: it is what remains.
var All = []Route{
	{Name: "playlist", Pattern: `~^/(?:live|hls|dash)/[^/]+\.(?:m3u8|mpd)$`, Timed: true},
	{Name: "segment", Pattern: `~^/(?:(?:hls|dash)/|live/[^/]+\.(?:ts|m4s|m4a|m4v)$)`},
	{Name: "refused", Pattern: `~^/(?:api/rtmp|metrics|rtmp-stat|grafana/metrics)(?:/|$)`, Timed: true},
	{Name: "chat", Pattern: `~^/api/streams/ws/[^/]+/chat$`},
	{Name: "api_upload", Pattern: `~^/api/(?:streams/[^/]+/upload-video|users/[^/]+/avatar)$`},
	{Name: "api_auth", Pattern: `~^/api/auth/`, Timed: true},
	{Name: "api_channels", Pattern: `~^/api/channels(?:/|$)`, Timed: true},
	{Name: "api_streams", Pattern: `~^/api/streams(?:/|$)`, Timed: true},
	{Name: "api_users", Pattern: `~^/api/users(?:/|$)`, Timed: true},
	{Name: "api_videos", Pattern: `~^/api/videos(?:/|$)`, Timed: true},
	{Name: "api_other", Pattern: `~^/api/`, Timed: true},
	{Name: "uploads", Pattern: `~^/uploads/`},
	{Name: "docs", Pattern: `~^/(?:docs|redoc|openapi\.json)(?:/|$)`, Timed: true},
	{Name: "grafana", Pattern: `~^/grafana/`, Timed: true},
	{Name: "asset", Pattern: `~*\.(?:css|js|mjs|map|png|jpe?g|gif|ico|svg|webp|avif|woff2?|ttf|otf|eot|webmanifest)$`, Timed: true},
	// What was no request at all has no path but that of its answer.
	{Name: "invalid", Pattern: `~^(?:/_refused/(?:api|page))?$`},
	{Name: "page", Pattern: "default", Timed: true},
}

var timed = func() map[string]bool {
	out := map[string]bool{Paused: false}
	for _, r := range All {
		out[r.Name] = r.Timed
	}
	return out
}()

// Find reports whether there is a route of that name, and whether it is timed.
func Find(name string) (timedRoute, found bool) {
	timedRoute, found = timed[name]
	return timedRoute, found
}

// Users are the routes that people use: what they get there is what rules judge.
func Users() []string {
	var out []string
	for _, r := range All {
		if r.Name != "refused" && r.Name != "invalid" {
			out = append(out, r.Name)
		}
	}
	return out
}
