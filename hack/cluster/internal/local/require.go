package local

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// packages maps programs that the cluster runs to the Debian packages that bring them.
var packages = map[string]string{
	"containerd":  "containerd",
	"ctr":         "containerd",
	"runc":        "runc",
	"ip":          "iproute2",
	"nft":         "nftables",
	"iptables":    "iptables",
	"conntrack":   "conntrack",
	"ethtool":     "ethtool",
	"debootstrap": "debootstrap",
	"mount":       "mount",
	"tar":         "tar",
}

// cniFolders are where packages of different origin put the CNI plugins.
var cniFolders = []string{"/usr/lib/cni", "/opt/cni/bin"}

const cniPackage = "containernetworking-plugins"

// Require says in one sentence what the machine lacks to run a cluster, and what to do about it.
func Require() error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("a local cluster needs Linux, this is %s: start Docker and use --provider kind", runtime.GOOS)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("a local cluster needs root for its namespaces: run it with sudo, or start Docker and use --provider kind")
	}
	if missing := MissingPackages(); len(missing) > 0 {
		return fmt.Errorf("the machine lacks the Debian packages %s: run cluster prepare, or install them",
			strings.Join(missing, " "))
	}
	if _, err := exec.LookPath("go"); err != nil {
		return fmt.Errorf("a local cluster is built from source and needs go on the PATH: %w", err)
	}
	return nil
}

// MissingPackages are the Debian packages to install.
func MissingPackages() []string {
	var missing []string
	for program, pkg := range packages {
		if _, err := exec.LookPath(program); err != nil && !slices.Contains(missing, pkg) {
			missing = append(missing, pkg)
		}
	}
	if _, err := cniFolder(); err != nil {
		missing = append(missing, cniPackage)
	}
	slices.Sort(missing)
	return missing
}

func cniFolder() (string, error) {
	for _, folder := range cniFolders {
		if _, err := os.Stat(filepath.Join(folder, "ptp")); err == nil {
			return folder, nil
		}
	}
	return "", fmt.Errorf("no CNI plugins in %s", strings.Join(cniFolders, " or "))
}
