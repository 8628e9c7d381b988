package program

import _ "embed"

//go:embed patch/machinery-fifo.go.txt
var machineryFifo string

//go:embed patch/machinery-log.go.txt
var machineryLog string

//go:embed patch/barman-restore.go.txt
var barmanRestore string

// CloudNativePG is the operator of the databases. Its two libraries of version 0.6.0 are not to be had
// from every module proxy, so it is built with those of 1.30.0, amended by the few names that are new.
// What is lost: arguments of an in-tree restore, the removal of a file where a log pipe should be, and
// some records of an instance's log under a burst.
var CloudNativePG = Module{
	Name:    "cloudnative-pg",
	Path:    "github.com/cloudnative-pg/cloudnative-pg",
	Version: "v1.30.1",
	Replace: map[string]Replacement{
		"github.com/cloudnative-pg/barman-cloud": {
			Path: "github.com/cloudnative-pg/barman-cloud", Version: "v0.5.1",
			Amend: []Amendment{{File: "pkg/api/restore.go", New: barmanRestore}},
		},
		"github.com/cloudnative-pg/machinery": {
			Path: "github.com/cloudnative-pg/machinery", Version: "v0.5.0",
			Amend: []Amendment{
				{File: "pkg/fileutils/compatibility/exists.go", New: machineryFifo},
				{File: "pkg/log/options.go", New: machineryLog},
				{
					File: "pkg/log/flags.go",
					Old:  "ConfigureLogging() {",
					New:  "ConfigureLogging(...ConfigureOption) {",
				},
			},
		},
	},
	Commands: map[string]string{"manager": "github.com/cloudnative-pg/cloudnative-pg/cmd/manager"},
}
