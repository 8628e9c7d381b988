package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestShorten(t *testing.T) {
	const generated = `---
properties:
  kind:
    description: see https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md
    type: string
  pod:
    description: pod settings.
    properties:
      annotations:
        additionalProperties:
          type: string
        description: annotations added to the pods, whose description is long enough to
          be broken.
        type: object
      resources:
        description: resources of the main container.
        properties:
          description:
            description: a field of this name.
            type: string
          limits:
            additionalProperties:
              description: the type.
              anyOf:
              - type: integer
              - type: string
              pattern: ^x$
              x-kubernetes-int-or-string: true
            description: said elsewhere.
  replicas:
    anyOf:
    - required:
      - a
    description: replicas.
    pattern: ^x$
`
	const short = `---
properties:
  kind: {type: string}
  pod:
    description: pod settings.
    properties:
      annotations: {additionalProperties: {type: string}, description: 'annotations added to the pods, whose description is long enough to be broken.', type: object}
      resources: {description: resources of the main container., properties: {description: {type: string}, limits: {additionalProperties: {x-kubernetes-int-or-string: true, maxLength: 32}}}}
  replicas:
    anyOf:
    - {required: [a]}
    description: replicas.
    pattern: ^x$
`
	path := filepath.Join(t.TempDir(), "crd.yaml")
	if err := os.WriteFile(path, []byte(generated), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := shorten(path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != short {
		t.Errorf("got:\n%s\nwant:\n%s", got, short)
	}
}
