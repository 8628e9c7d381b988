package workload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// Affinity reads the user's affinity, which the schema passes on unseen.
func Affinity(raw []byte) (*corev1ac.AffinityApplyConfiguration, error) {
	affinity := corev1ac.Affinity()
	return affinity, decode(raw, affinity)
}

func decode(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("decoding affinity: %w", err)
	}
	return nil
}

// RefuseAffinity finds what Kubernetes would refuse of an affinity of pods.
func RefuseAffinity(component string, raw []byte) error {
	var a corev1.Affinity
	err := decode(raw, &a)
	if err == nil {
		err = errors.Join(checkNodeAffinity(a.NodeAffinity), checkPodAffinity(a.PodAffinity), checkPodAntiAffinity(a.PodAntiAffinity))
	}
	if err != nil {
		return invalid("spec.%s.pod.affinity is not as in a Pod: %v; correct or remove it", component, err)
	}
	return nil
}

func checkNodeAffinity(a *corev1.NodeAffinity) error {
	if a == nil {
		return nil
	}
	var errs []error
	if required := a.RequiredDuringSchedulingIgnoredDuringExecution; required != nil {
		if len(required.NodeSelectorTerms) == 0 {
			errs = append(errs, errors.New("nodeAffinity needs nodeSelectorTerms"))
		}
		for _, term := range required.NodeSelectorTerms {
			errs = append(errs, checkNodes(term))
		}
	}
	for _, p := range a.PreferredDuringSchedulingIgnoredDuringExecution {
		errs = append(errs, checkWeight(p.Weight), checkNodes(p.Preference))
	}
	return errors.Join(errs...)
}

func checkWeight(weight int32) error {
	if weight < 1 || weight > 100 {
		return fmt.Errorf("weight %d does not lie between 1 and 100", weight)
	}
	return nil
}

func checkNodes(term corev1.NodeSelectorTerm) error {
	var errs []error
	for _, e := range term.MatchExpressions {
		if len(validation.IsQualifiedName(e.Key)) > 0 {
			errs = append(errs, fmt.Errorf("key %q is not the name of a label", e.Key))
		}
		errs = append(errs, checkValues(e))
	}
	for _, f := range term.MatchFields {
		in := f.Operator == corev1.NodeSelectorOpIn || f.Operator == corev1.NodeSelectorOpNotIn
		if f.Key != metav1.ObjectNameField || !in || len(f.Values) != 1 || len(validation.IsDNS1123Subdomain(f.Values[0])) > 0 {
			errs = append(errs, fmt.Errorf("matchFields knows only %s, In or NotIn the name of one node", metav1.ObjectNameField))
		}
	}
	return errors.Join(errs...)
}

func checkValues(e corev1.NodeSelectorRequirement) error {
	switch e.Operator {
	case corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn:
		if len(e.Values) == 0 {
			return fmt.Errorf("operator %s of %s needs values", e.Operator, e.Key)
		}
	case corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist:
		if len(e.Values) > 0 {
			return fmt.Errorf("operator %s of %s takes no values", e.Operator, e.Key)
		}
	case corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
		if len(e.Values) != 1 {
			return fmt.Errorf("operator %s of %s needs one value", e.Operator, e.Key)
		}
		if _, err := strconv.ParseInt(e.Values[0], 10, 64); err != nil {
			return fmt.Errorf("operator %s of %s needs a whole number", e.Operator, e.Key)
		}
		return nil
	default:
		return fmt.Errorf("operator %q of %s is unknown", e.Operator, e.Key)
	}
	if slices.ContainsFunc(e.Values, func(v string) bool { return len(validation.IsValidLabelValue(v)) > 0 }) {
		return fmt.Errorf("a value of %s is not that of a label", e.Key)
	}
	return nil
}

func checkPodAffinity(a *corev1.PodAffinity) error {
	if a == nil {
		return nil
	}
	return checkPods(a.RequiredDuringSchedulingIgnoredDuringExecution, a.PreferredDuringSchedulingIgnoredDuringExecution)
}

func checkPodAntiAffinity(a *corev1.PodAntiAffinity) error {
	if a == nil {
		return nil
	}
	return checkPods(a.RequiredDuringSchedulingIgnoredDuringExecution, a.PreferredDuringSchedulingIgnoredDuringExecution)
}

func checkPods(required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm) error {
	var errs []error
	for _, term := range required {
		errs = append(errs, checkTerm(term))
	}
	for _, p := range preferred {
		errs = append(errs, checkWeight(p.Weight), checkTerm(p.PodAffinityTerm))
	}
	return errors.Join(errs...)
}

func checkTerm(term corev1.PodAffinityTerm) error {
	var errs []error
	if len(validation.IsQualifiedName(term.TopologyKey)) > 0 {
		errs = append(errs, fmt.Errorf("topologyKey %q is not the name of a label", term.TopologyKey))
	}
	for _, ns := range term.Namespaces {
		if len(validation.IsDNS1123Label(ns)) > 0 {
			errs = append(errs, fmt.Errorf("%q is not the name of a namespace", ns))
		}
	}
	for _, s := range []*metav1.LabelSelector{term.LabelSelector, term.NamespaceSelector} {
		if err := metavalidation.ValidateLabelSelector(s, metavalidation.LabelSelectorValidationOptions{}, field.NewPath("selector")).ToAggregate(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, checkLabelKeys(term))...)
}

// checkLabelKeys: Kubernetes adds them to the selector, which must be there and not hold them itself.
func checkLabelKeys(term corev1.PodAffinityTerm) error {
	keys := slices.Concat(term.MatchLabelKeys, term.MismatchLabelKeys)
	if len(keys) > 0 && term.LabelSelector == nil {
		return errors.New("matchLabelKeys and mismatchLabelKeys need a labelSelector")
	}
	slices.Sort(keys)
	for i, k := range keys {
		if len(validation.IsQualifiedName(k)) > 0 || i > 0 && k == keys[i-1] {
			return fmt.Errorf("%q in matchLabelKeys or mismatchLabelKeys is not the name of a label, or stands there twice", k)
		}
		if selects(term.LabelSelector, k) {
			return fmt.Errorf("%s is in matchLabelKeys or mismatchLabelKeys and in labelSelector", k)
		}
	}
	return nil
}

func selects(s *metav1.LabelSelector, key string) bool {
	_, found := s.MatchLabels[key]
	return found || slices.ContainsFunc(s.MatchExpressions, func(e metav1.LabelSelectorRequirement) bool { return e.Key == key })
}
