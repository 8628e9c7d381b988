{{- define "gvDetails" -}}
# {{ .GroupVersionString }}

Generated from the types in `api/` by `make generate`. The same is shown by `kubectl explain xatubecluster.spec`.
An annotated example with every field is in
[config/samples](../config/samples/xatube_v1alpha1_xatubecluster_full.yaml).
{{ range .SortedTypes }}
{{- template "type" . }}
{{- end }}
{{- end -}}
