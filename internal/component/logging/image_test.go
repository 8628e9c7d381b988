package logging_test

import (
	"strings"
	"testing"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/logging"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// A16: what reads a whole node is the administrator's to allow, by whichever field the image is chosen.
func TestTheAdministratorAllowsCollectorImages(t *testing.T) {
	for name, c := range map[string]struct {
		image    v1alpha1.Image
		registry string
		allowed  []string
		refused  bool
	}{
		"the default":                        {},
		"another image":                      {image: "evil.example.com/otelcol:1", refused: true},
		"the default of another registry":    {registry: "evil.example.com", refused: true},
		"an allowed repository":              {image: "mirror.example.com/otel/otelcol:1", allowed: []string{"mirror.example.com/otel"}},
		"an allowed image by digest":         {image: "mirror.example.com/otelcol@sha256:" + v1alpha1.Image(strings.Repeat("a", 64)), allowed: []string{"mirror.example.com/otelcol"}},
		"an allowed registry":                {registry: "mirror.example.com", allowed: []string{"mirror.example.com/"}},
		"a name that begins like the mirror": {image: "mirror.example.com.evil.org/otelcol:1", allowed: []string{"mirror.example.com"}, refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			in := golden.Input(t, "testdata/login/in.yaml", logging.New())
			provide(&in)
			in.Cluster.Spec.Logging.Collector.Image = c.image
			if c.registry != "" {
				in.Cluster.Spec.ImageDefaults = &v1alpha1.ImageDefaults{Registry: c.registry}
			}
			in.Options.CollectorImages = c.allowed
			_, err := logging.New().Render(in)
			b, refused := outcome.AsBlocked(err)
			if refused != c.refused || (refused && (b.Reason != v1alpha1.ReasonImageNotAllowed || !b.Terminal)) {
				t.Errorf("got %v", err)
			}
		})
	}
}
