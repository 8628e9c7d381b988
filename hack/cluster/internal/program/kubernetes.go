package program

import (
	"fmt"
	"strings"
)

// Release is a version of Kubernetes, e.g. v1.37.2.
type Release string

// Releases are those that the operator supports: of each minor version the newest patch that module proxies serve,
// the oldest first.
var Releases = []Release{"v1.34.12", "v1.35.8", "v1.36.5", Newest}

// Newest is the release where no other is asked for.
const Newest Release = "v1.37.2"

// FindRelease returns the release of a minor version, e.g. 1.34, and the newest one for an empty string.
func FindRelease(minor string) (Release, error) {
	if minor == "" {
		return Newest, nil
	}
	var known []string
	for _, r := range Releases {
		if minor == r.Minor() || minor == string(r) {
			return r, nil
		}
		known = append(known, r.Minor())
	}
	return "", fmt.Errorf("kubernetes %q is not supported: want one of %s", minor, strings.Join(known, ", "))
}

// Minor is the version without its patch, e.g. 1.37.
func (r Release) Minor() string {
	minor := strings.TrimPrefix(string(r), "v")
	return minor[:strings.LastIndex(minor, ".")]
}

// Kubernetes is the module of a release. Its staging modules have the same minor version and patch.
func Kubernetes(r Release) Module {
	const version = "-X k8s.io/component-base/version."
	return Module{
		Name:    "kubernetes",
		Path:    "k8s.io/kubernetes",
		Version: string(r),
		Staging: "v0" + strings.TrimPrefix(string(r), "v1"),
		LDFlags: version + "gitVersion=" + string(r) + " " + version + "gitMajor=1 " +
			version + "gitMinor=" + strings.TrimPrefix(r.Minor(), "1."),
		Commands: map[string]string{
			"kube-apiserver":          "k8s.io/kubernetes/cmd/kube-apiserver",
			"kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
			"kube-scheduler":          "k8s.io/kubernetes/cmd/kube-scheduler",
			"kubelet":                 "k8s.io/kubernetes/cmd/kubelet",
			"kube-proxy":              "k8s.io/kubernetes/cmd/kube-proxy",
			"kubectl":                 "k8s.io/kubernetes/cmd/kubectl",
		},
	}
}
