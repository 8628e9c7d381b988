package edge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// webSource is what admission lets through: it ends up in nginx.conf.
var webSource = regexp.MustCompile(`^(\*|https?://(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?)$`)

// headers are the parts of the security headers that the spec decides, as they stand in nginx.conf.
type headers struct {
	// FrameAncestors and MediaSources follow the sources of a policy that are always there; each begins with a blank.
	FrameAncestors, MediaSources string
	StrictTransportSecurity      string
	Permissions                  string
}

func newHeaders(spec v1alpha1.EdgeHeaders) (headers, error) {
	maxAge, err := spec.StrictTransportSecurity.MaxAge.Parse()
	if err != nil {
		return headers{}, fmt.Errorf("spec.edge.headers.strictTransportSecurity.maxAge: %w", err)
	}
	ancestors, err := sources("frameAncestors", spec.FrameAncestors)
	if err != nil {
		return headers{}, err
	}
	media, err := sources("mediaSources", spec.MediaSources)
	if err != nil {
		return headers{}, err
	}
	h := headers{
		FrameAncestors:          ancestors,
		MediaSources:            media,
		StrictTransportSecurity: fmt.Sprintf("max-age=%d", wholeSeconds(maxAge)),
		Permissions:             permissions(spec.Permissions),
	}
	if spec.StrictTransportSecurity.IncludeSubDomains == v1alpha1.ToggleEnabled {
		h.StrictTransportSecurity += "; includeSubDomains"
	}
	return h, nil
}

func sources(field string, list []v1alpha1.WebSource) (string, error) {
	var text strings.Builder
	for _, s := range list {
		if !webSource.MatchString(string(s)) {
			return "", outcome.Terminal(v1alpha1.ReasonInvalid,
				"spec.edge.headers.%s: %q is no source; write e.g. https://cdn.example.com", field, string(s))
		}
		text.WriteString(" " + string(s))
	}
	return text.String(), nil
}

// permissions denies to all what the spec does not allow to the site's own pages.
func permissions(allowed []v1alpha1.BrowserPermission) string {
	var policy []string
	for _, p := range []v1alpha1.BrowserPermission{
		v1alpha1.PermissionGeolocation, v1alpha1.PermissionMicrophone, v1alpha1.PermissionCamera,
	} {
		who := "()"
		if slices.Contains(allowed, p) {
			who = "(self)"
		}
		policy = append(policy, string(p)+"="+who)
	}
	return strings.Join(policy, ", ")
}
