// Command fuzz draws specs from the schema of the CRD, and lets a real API server and the operator judge each: what
// admission accepts, the API server accepts in the children, and the operator comes to rest. The last line of its output
// is the result.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// enough specs have to have had every field and every value that the schema has.
const enough = 300

func main() {
	c := &campaign{root: ".", out: os.Stderr}
	flag.IntVar(&c.accepted, "n", 300, "specs that have to be accepted")
	flag.IntVar(&c.first, "first", 0, "number of the first spec")
	flag.Uint64Var(&c.seed, "seed", 1, "seed that, with its number, decides a spec")
	flag.IntVar(&c.workers, "workers", 3, "platforms at the same time")
	flag.IntVar(&c.patience, "patience", 20, "faults after which the rest is not tried")
	flag.IntVar(&c.shrunk, "shrink", 3, "faulty specs that are made smaller before they are shown")
	flag.Parse()
	log.SetLogger(logr.Discard())
	if err := c.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	line, err := json.Marshal(c.result)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(line))
	if !c.result.sound() || c.accepted >= enough && len(c.missed()) > 0 {
		os.Exit(1)
	}
}
