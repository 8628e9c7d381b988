package program

import _ "embed"

//go:embed resizer/main.go
var resizerMain string

// VolumeResizer makes the claims of the local-path-provisioner's volumes grow, which itself cannot. The program is ours,
// and nearly all that it does is the library's.
var VolumeResizer = Module{
	Name:     "volume-resizer",
	Path:     "github.com/kubernetes-csi/external-resizer/v2",
	Version:  "v2.3.0",
	Main:     resizerMain,
	Commands: map[string]string{"volume-resizer": "."},
}
