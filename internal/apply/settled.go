package apply

import (
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/lru"
)

// settled remembers objects that differ from what we want although we have just applied it: an admission webhook sets a
// field its way, or somebody added to a list of a custom resource that the API server merges. Applying again would change
// nothing until the object itself has changed. An operator that does not know an object, because it is new or has seen too many
// others since, sends one request for it. The zero value is ready for use.
type settled struct {
	once sync.Once
	// hashes of the objects by UID.
	hashes *lru.Cache
}

// maxSettled bounds the memory: it is not told of objects that are deleted.
const maxSettled = 8192

func (s *settled) cache() *lru.Cache {
	s.once.Do(func() { s.hashes = lru.New(maxSettled) })
	return s.hashes
}

// record what the API server answered to an apply of want.
func (s *settled) record(scheme *runtime.Scheme, answer, want *unstructured.Unstructured) error {
	shape, err := shapeOf(want.GroupVersionKind())
	if err != nil {
		return err
	}
	field, err := shape.driftOf(scheme, answer, want)
	if err != nil {
		return err
	}
	if field == "" {
		s.cache().Remove(answer.GetUID())
		return nil
	}
	hash, err := contentHash(scheme, answer)
	if err != nil {
		return err
	}
	s.cache().Add(answer.GetUID(), hash)
	return nil
}

// knows says that an object is still as an apply left it.
func (s *settled) knows(scheme *runtime.Scheme, live *unstructured.Unstructured) (bool, error) {
	previous, known := s.cache().Get(live.GetUID())
	if !known {
		return false, nil
	}
	hash, err := contentHash(scheme, live)
	return hash == previous, err
}

// contentHash covers what people and controllers want of an object, not what became of it. It reads an object as the
// caches hold it, so that an answer of the API server and the object of a cache have the same.
func contentHash(scheme *runtime.Scheme, u *unstructured.Unstructured) (string, error) {
	content, err := throughType(scheme, u)
	if err != nil {
		return "", err
	}
	delete(content, "status")
	for _, name := range []string{"resourceVersion", "generation", "managedFields"} {
		unstructured.RemoveNestedField(content, "metadata", name)
	}
	return Hash(&unstructured.Unstructured{Object: content})
}

// throughType is an object as it is after the way through its type, which the API server and the caches take too: some empty
// values are dropped there.
func throughType(scheme *runtime.Scheme, u *unstructured.Unstructured) (map[string]any, error) {
	typed, err := scheme.New(u.GroupVersionKind())
	if err != nil {
		return nil, fmt.Errorf("kind %s is not known to the operator: %w", u.GroupVersionKind(), err)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, typed); err != nil {
		return nil, fmt.Errorf("converting %s: %w", describe(u), err)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return nil, fmt.Errorf("converting %s: %w", describe(u), err)
	}
	return content, nil
}
