package cel

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// most is the share of what an API server lets the rules of one CRD cost that ours may take: fields are to come.
const most = 0.5

// TestCostOfRules asks the API server itself what it estimates, for that differs by version. It tells the cost only of
// a CRD that costs too much, so ours is given a field that alone takes the whole budget. A0.
func TestCostOfRules(t *testing.T) {
	costly := apiextensionsv1.JSONSchemaProps{
		Type: "array", MaxItems: ptr.To[int64](50_100_000),
		Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &apiextensionsv1.JSONSchemaProps{
			Type: "integer", XValidations: apiextensionsv1.ValidationRules{{Rule: "self > 0", Message: "never asked"}},
		}},
	}
	alone := apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{"costly": costly}}
	ours := readSchema(t)
	ours.Properties["costly"] = costly

	share := costOf(t, ours) - costOf(t, alone)
	fmt.Printf("Kubernetes %s: the rules of the CRD cost %.1f%% of the budget\n", version, 100*share)
	if share > most {
		t.Errorf("want at most %.0f%%: give the strings, lists and maps that rules read a lower maxLength, maxItems or maxProperties", 100*most)
	}
}

// excess is precise up to 1.5, which is why the costly field takes hardly more than the budget.
var excess = regexp.MustCompile(`rule cost total for entire OpenAPIv3 schema exceeds budget by factor of ([0-9.]+)x`)

// costOf is what the rules of a schema that exceeds the budget cost, as a share of it.
func costOf(t *testing.T, schema apiextensionsv1.JSONSchemaProps) float64 {
	t.Helper()
	crd := readCRD(t)
	crd.Spec.Versions[0].Schema.OpenAPIV3Schema = &schema
	refusal := api.Create(t.Context(), &crd, client.DryRunAll)
	if refusal == nil {
		t.Fatal("a schema beyond the budget is admitted")
	}
	found := excess.FindStringSubmatch(refusal.Error())
	if found == nil {
		t.Fatalf("the API server does not say by how much the budget is exceeded: %v", refusal)
	}
	factor, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return factor
}
