package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"text/template"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// farewellText tells what to do next. The platform's own addresses are those that its Ingress, its Gateway or the network
// of the cluster leads to.
var farewellText = template.Must(template.New("farewell").Parse(`
  {{.Header}}
  {{.Row}}

Its address is {{.URL}}, and publishers send to {{.RTMP}}.
To open it from this machine, where nothing leads there:

  export KUBECONFIG={{.Kubeconfig}}
{{- if .Path}}
  export PATH={{.Path}}:$PATH{{end}}
  kubectl get xtc --namespace {{.Namespace}}
  kubectl port-forward --namespace {{.Namespace}} service/{{.Name}}-edge 8080:80      # then open http://localhost:8080
  kubectl port-forward --namespace {{.Namespace}} service/{{.Name}}-rtmp 1935:1935    # publish to rtmp://localhost:1935/live with a stream key

Change it (kubectl edit xtc {{.Name}} --namespace {{.Namespace}}), or remove the cluster: make cluster-down
`))

func farewell(out io.Writer, x *v1alpha1.XaTubeCluster, columns map[string]string) error {
	header, row := table(columns, "Name", "Ready", "Phase", "Backends", "Primary", "URL")
	// $KUBECTL_DIR is where the ground keeps its kubectl.
	data := struct{ Header, Row, URL, RTMP, Kubeconfig, Path, Namespace, Name string }{
		Header: header, Row: row, Kubeconfig: cmp.Or(os.Getenv("KUBECONFIG"), "~/.kube/config"),
		Path: os.Getenv("KUBECTL_DIR"), Namespace: x.Namespace, Name: x.Name,
	}
	if e := x.Status.Endpoints; e != nil {
		data.URL, data.RTMP = e.URL, e.RTMP
	}
	if err := farewellText.Execute(out, data); err != nil {
		return fmt.Errorf("telling how to open the platform: %w", err)
	}
	return nil
}

// table lays out one row under its header, as kubectl get does.
func table(columns map[string]string, names ...string) (header, row string) {
	for _, name := range names {
		width := max(len(name), len(columns[name])) + 3
		header += fmt.Sprintf("%-*s", width, strings.ToUpper(name))
		row += fmt.Sprintf("%-*s", width, columns[name])
	}
	return strings.TrimRight(header, " "), strings.TrimRight(row, " ")
}
