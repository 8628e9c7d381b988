// Package scene sets platforms on an API server that has no controllers: it plays those of Kubernetes and
// CloudNativePG, and runs the operator pass by pass.
package scene
