package logging

import (
	"slices"
	"strings"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/outcome"
)

func image(in component.Input) string {
	return naming.Image(in.Cluster, in.Cluster.Spec.Logging.Collector.Image, naming.ImageCollector)
}

// validateImage refuses an image that the administrator has not allowed: the collector reads the logs of every pod of a
// node, and whoever writes an XaTubeCluster need not have that right.
func validateImage(in component.Input) error {
	desired := image(in)
	allowed := desired == naming.ImageCollector || slices.ContainsFunc(in.Options.CollectorImages, func(prefix string) bool {
		return startsWithRepository(desired, prefix)
	})
	if allowed {
		return nil
	}
	return outcome.Terminal(v1alpha1.ReasonImageNotAllowed,
		"the log collector may not run image %s, because it reads the logs of the whole node: remove spec.logging.collector.image, "+
			"or ask the administrator to add the image to allowedCollectorImages of the operator's chart (--allowed-collector-images)", desired)
}

// startsWithRepository reports whether an image is of a repository, or of one below it.
func startsWithRepository(image, prefix string) bool {
	rest, found := strings.CutPrefix(image, strings.TrimSuffix(prefix, "/"))
	return found && (rest == "" || strings.ContainsAny(rest[:1], "/:@"))
}
