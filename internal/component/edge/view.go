package edge

import (
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/backend"
)

const (
	defaultWorkers = 2
	maxWorkers     = 16
	minCacheSize   = 1 << 20
	// playlistsCacheSize holds thousands of playlists, which are small.
	playlistsCacheSize = 16 << 20

	// longestAnswer and longestFile that are kept, with room for their headers.
	longestAnswer = 300_000 + 32<<10
	longestFile   = 2_000_000 + 32<<10
	// keySize is the memory for the key of an answer or a file. With minKeysSize there is room for 400 of a kind at least, as
	// many as a frontend's build and the pictures of its first pages are.
	keySize     = 128
	minKeysSize = 64 << 10
	// overfull is how many times the size of a cache fits into it if all that is kept is as long as it may be. The less, the
	// fewer short files are kept.
	overfull = 4
)

// keysSize bounds how many there are of a kind, and so what a cache takes on the disk however fast it grows: nginx drops an
// answer for the next one at once when its keys are used up, and measures what it keeps only from time to time.
func keysSize(cacheSize, longest int64) int64 {
	return max(overfull*cacheSize/longest*keySize, minKeysSize)
}

// mostKept is what a cache with so many keys takes at most. What is kept is still there while the next is fetched.
func mostKept(keys, longest int64) int64 { return keys / keySize * longest }

// workers follow the CPU that the container may use: nginx itself would count the node's.
func workers(r *v1alpha1.Resources) int64 {
	if r == nil {
		return defaultWorkers
	}
	cpu, limited := r.Limits[corev1.ResourceCPU]
	if !limited {
		return defaultWorkers
	}
	return min(max(cpu.Value(), 1), maxWorkers)
}

// newLimit is the same in each pod, however many there are. Each counts for itself, and a connection stays where it is:
// a share of the limit would starve the visitor who has one connection, and change with the number of pods.
func newLimit(zone string, l v1alpha1.RateLimit) limit {
	return limit{Zone: zone, Rate: l.RequestsPerSecond, Burst: ptr.Deref(l.Burst, 0)}
}

func (v *view) addCaches(c *v1alpha1.XaTubeCluster) error {
	api, err := c.Spec.Edge.Cache.API.Parse()
	if err != nil {
		return fmt.Errorf("spec.edge.cache.api: %w", err)
	}
	static, err := c.Spec.Edge.Cache.Static.Parse()
	if err != nil {
		return fmt.Errorf("spec.edge.cache.static: %w", err)
	}
	size, err := c.Spec.Edge.Cache.Size.Quantity()
	if err != nil {
		return fmt.Errorf("spec.edge.cache.size: %w", err)
	}
	upload, err := c.Spec.Backend.Uploads.MaxUploadSize.Quantity()
	if err != nil {
		return fmt.Errorf("spec.backend.uploads.maxUploadSize: %w", err)
	}
	if api > 0 {
		v.APICache = seconds(api)
	}
	if static > 0 {
		v.StaticCache = seconds(static)
	}
	v.StaticSeconds = wholeSeconds(static)
	v.MaxUpload = upload.Value()
	v.Uploads = backend.MaxUploads(v.MaxUpload)
	// Answers of the API are short and live for seconds.
	v.APICacheSize = max(size.Value()/10, minCacheSize)
	v.SegmentsCacheSize = max(size.Value()/2, minCacheSize)
	v.FilesCacheSize = max(size.Value()-v.APICacheSize-v.SegmentsCacheSize, minCacheSize)
	v.PlaylistsCacheSize = playlistsCacheSize
	v.APIKeys = keysSize(v.APICacheSize, longestAnswer)
	v.FilesKeys = keysSize(v.FilesCacheSize, longestFile)
	return v.addStreams(c.Spec.RTMP.HLS)
}

func (v *view) addStreams(hls v1alpha1.HLSSpec) error {
	playlist, err := hls.PlaylistLength.Parse()
	if err != nil {
		return fmt.Errorf("spec.rtmp.hls.playlistLength: %w", err)
	}
	fragment, err := hls.Fragment.Parse()
	if err != nil {
		return fmt.Errorf("spec.rtmp.hls.fragment: %w", err)
	}
	v.SegmentSeconds = wholeSeconds(playlist)
	v.PlaylistSlices = playlistSlices(fragment)
	return nil
}

// playlistSlices divide the second so that no slice is longer than half a fragment, of which admission allows none below
// 500 ms. Each is a pattern of the decimals.
func playlistSlices(fragment time.Duration) []string {
	switch {
	case fragment >= 2*time.Second:
		return []string{"[0-9]"}
	case fragment >= time.Second:
		return []string{"[0-4]", "[5-9]"}
	default:
		return []string{"[01]|2[0-4]", "2[5-9]|[34]", "[56]|7[0-4]", "7[5-9]|[89]"}
	}
}

// seconds is a time as nginx reads it everywhere: some directives know no milliseconds.
func seconds(d time.Duration) string { return strconv.FormatInt(wholeSeconds(d), 10) + "s" }

func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
