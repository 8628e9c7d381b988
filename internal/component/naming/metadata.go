package naming

// Metadata are labels, annotations or a selector of the user as objects of Kubernetes have them. The map is the
// caller's own, and never nil.
func Metadata[V ~string](user map[string]V) map[string]string {
	out := make(map[string]string, len(user))
	for k, v := range user {
		out[k] = string(v)
	}
	return out
}
