{{- define "type_members" -}}
{{- if eq .Name "metadata" -}}
The name has at most 35 characters.
{{- else -}}
{{ range .Validation }}{{ if hasPrefix "Required" . }}**Required.** {{ end }}{{ end }}{{ markdownRenderFieldDoc .Doc }}
{{- end -}}
{{- end -}}
