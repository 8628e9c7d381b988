{{- define "type" -}}
{{- if markdownShouldRenderType . }}

## {{ .Name }}

{{ .Doc }}
{{- if .References }}

Used in {{ range $i, $type := .SortedReferences }}{{ if $i }}, {{ end }}{{ markdownRenderTypeLink $type }}{{ end }}.
{{- end }}
{{- with .EnumValues }}

| value | meaning |
|---|---|
{{- range . }}
| `{{ .Name }}` | {{ markdownRenderFieldDoc .Doc }} |
{{- end }}
{{- end }}
{{- if .Members }}

| field | type | default | meaning | constraints |
|---|---|---|---|---|
{{- range .Members }}
| `{{ .Name }}` | {{ markdownRenderType .Type }} | {{ if and .Default (ne .Default "{  }") }}`{{ .Default }}`{{ end }} | {{ template "type_members" . }} | {{ range .Validation }}{{ if not (or (hasPrefix "Optional" .) (hasPrefix "Required" .)) }}{{ markdownRenderFieldDoc . }}<br />{{ end }}{{ end }} |
{{- end }}
{{- else if and .Validation (not .EnumValues) }}

{{ range .Validation }}
- {{ . }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
