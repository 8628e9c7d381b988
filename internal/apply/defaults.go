package apply

import "reflect"

// serverDefaults are the fields that an API server fills in within values that belong to one manager as a whole, and with
// what; none stands for anything. A field that is missing here costs one write in the life of an operator: see settled.
var serverDefaults = map[string][]any{
	// Kubernetes: claims of a StatefulSet, fields in variables, ports, tokens in volumes.
	"apiVersion":        {"v1"},
	"expirationSeconds": {int64(3600)},
	"kind":              {"PersistentVolumeClaim", "Service", "Gateway"},
	"protocol":          {"TCP"},
	"status":            {},
	"volumeMode":        {"Filesystem"},
	// prometheus-operator: relabelings.
	"action": {"replace"},
	// CloudNativePG: plugins and roles.
	"connectionLimit": {int64(-1)},
	"enabled":         {true},
	"ensure":          {"present"},
	"inherit":         {true},
	// Gateway API: references and rules.
	"group":   {"gateway.networking.k8s.io", ""},
	"matches": {[]any{map[string]any{"path": map[string]any{"type": "PathPrefix", "value": "/"}}}},
	"weight":  {int64(1)},
}

// filledIn says that nobody but the API server has set a field. The caches write out some of the empty ones.
func (s shape) filledIn(name string, value any) bool {
	values, known := serverDefaults[name]
	if value == nil || !known && empty(value) && (s.schema == nil || reflect.TypeOf(value).Kind() != reflect.Map) {
		return true
	}
	for _, v := range values {
		if sameScalar(value, v) {
			return true
		}
	}
	return known && len(values) == 0
}
