package controller

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/selection"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/capability"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// CacheOptions keep only the operator's own objects in memory: an unfiltered cache of Secrets and Pods costs a
// gigabyte on a busy cluster.
func CacheOptions(namespaces []string) cache.Options {
	return cache.Options{
		DefaultTransform:     cached(withoutHistory),
		DefaultNamespaces:    namespaceConfig(namespaces),
		DefaultLabelSelector: labels.SelectorFromSet(labels.Set{naming.LabelManagedBy: naming.ManagedBy}),
		ByObject: map[client.Object]cache.ByObject{
			&v1alpha1.XaTubeCluster{}:    {Label: labels.Everything()},
			capability.Definition():      {Label: labels.Everything(), Transform: cached(identityOnly)},
			&appsv1.Deployment{}:         {Label: deployments()},
			&appsv1.ControllerRevision{}: {Transform: cached(withoutForeignData)},
		},
	}
}

// deployments are the operator's own, and those of CloudNativePG: the pooler's carries no label of ours.
func deployments() labels.Selector {
	s, err := labels.NewRequirement(naming.LabelManagedBy, selection.In, []string{naming.ManagedBy, naming.CloudNativePG})
	utilruntime.Must(err)
	return labels.NewSelector().Add(*s)
}

// namespaceConfig limits a cache to namespaces; none means all.
func namespaceConfig(namespaces []string) map[string]cache.Config {
	if len(namespaces) == 0 {
		return nil
	}
	out := make(map[string]cache.Config, len(namespaces))
	for _, n := range namespaces {
		out[n] = cache.Config{}
	}
	return out
}

// NamedCacheOptions are of a second cache, which knows of the Secrets and ConfigMaps of users that they exist and have
// changed. They carry no label of ours, so it holds those of everybody, and of each no more than that takes.
func NamedCacheOptions(namespaces []string) cache.Options {
	return cache.Options{
		DefaultTransform:  cached(identityOnly),
		DefaultNamespaces: namespaceConfig(namespaces),
	}
}

func newNamedCache(mgr ctrl.Manager, namespaces []string) (cache.Cache, error) {
	options := NamedCacheOptions(namespaces)
	options.Scheme, options.Mapper, options.HTTPClient = mgr.GetScheme(), mgr.GetRESTMapper(), mgr.GetHTTPClient()
	named, err := cache.New(mgr.GetConfig(), options)
	if err != nil {
		return nil, fmt.Errorf("creating the cache of named objects: %w", err)
	}
	if err := mgr.Add(named); err != nil {
		return nil, fmt.Errorf("adding the cache of named objects: %w", err)
	}
	return named, nil
}

// cached lets a cache keep of each object what is made of it.
func cached(keep func(client.Object)) toolscache.TransformFunc {
	return func(in any) (any, error) {
		if o, ok := in.(client.Object); ok {
			keep(o)
		}
		return in, nil
	}
}

// withoutHistory takes away what tells who wrote an object, which is often the larger part of it.
func withoutHistory(o client.Object) {
	o.SetManagedFields(nil)
	if annotations := o.GetAnnotations(); annotations[corev1.LastAppliedConfigAnnotation] != "" {
		delete(annotations, corev1.LastAppliedConfigAnnotation)
		o.SetAnnotations(annotations)
	}
}

// identityOnly keeps which object it is, in which state, and whether it goes.
func identityOnly(o client.Object) {
	if m, ok := o.(*metav1.PartialObjectMetadata); ok {
		m.ObjectMeta = metav1.ObjectMeta{
			Namespace: m.Namespace, Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion, DeletionTimestamp: m.DeletionTimestamp,
		}
	}
}

// withoutForeignData takes away what the controllers of StatefulSets and DaemonSets keep in their revisions, which carry
// the labels of the pods and so ours.
func withoutForeignData(o client.Object) {
	withoutHistory(o)
	controller := metav1.GetControllerOf(o)
	if r, ok := o.(*appsv1.ControllerRevision); ok && controller != nil && controller.Kind != v1alpha1.Kind {
		r.Data = runtime.RawExtension{}
	}
}
