// Command crd shortens a generated CustomResourceDefinition without loss: kubectl apply keeps the whole object in an
// annotation of bounded size, and each component has a copy of the pod settings.
package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: crd FILE")
		os.Exit(2)
	}
	if err := shorten(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func shorten(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the CRD: %w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return fmt.Errorf("parsing %s: %w", path, err)
	}
	withoutRepetition(&document, below(-1))
	onOneLine(&document)
	// The encoder breaks no lines: at the depth of a schema a continuation is mostly indentation.
	out := bytes.NewBufferString("---\n")
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(&document); err != nil {
		return fmt.Errorf("encoding %s: %w", path, err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing the CRD: %w", err)
	}
	return nil
}

// below is how many fields deep a schema lies below pod settings; negative outside of them.
type below int

// described is the deepest level below pod settings that keeps its descriptions: the settings themselves. What is below
// them has the names that it has in a Pod, and what is below conditions those that it has everywhere in Kubernetes;
// docs/reference.md describes it.
const described = 1

// longestQuantity is more than anybody writes. The API server estimates what the rules of Resources cost by the longest
// string that a quantity can be: without a bound, that of a whole request.
const longestQuantity = "32"

// withoutRepetition leaves out what is known: the descriptions below the settings of pods and below conditions, and the
// two types and the pattern of a quantity, which x-kubernetes-int-or-string and the rule of Resources stand for. It
// bounds the quantity in exchange.
func withoutRepetition(node *yaml.Node, depth below) {
	if node.Kind != yaml.MappingNode {
		for _, child := range node.Content {
			withoutRepetition(child, depth)
		}
		return
	}
	quantity := has(node, "x-kubernetes-int-or-string")
	var kept []*yaml.Node
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if known(key.Value, value, quantity, depth) {
			continue
		}
		switch {
		case key.Value == "properties":
			properties(value, depth)
		case key.Value == "additionalProperties": // what the values are is said of the map
			withoutRepetition(value, max(depth, described)+1)
		case key.Value == "items" && depth >= 0:
			withoutRepetition(value, depth+1)
		default:
			withoutRepetition(value, depth)
		}
		kept = append(kept, key, value)
	}
	if quantity {
		kept = append(kept, scalar("maxLength", "!!str"), scalar(longestQuantity, "!!int"))
	}
	node.Content = kept
}

func scalar(value, tag string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// known says that a keyword of a schema tells nothing that is not told elsewhere.
func known(keyword string, value *yaml.Node, quantity bool, depth below) bool {
	if quantity && (keyword == "anyOf" || keyword == "pattern") {
		return true
	}
	description := keyword == "description" && value.Kind == yaml.ScalarNode
	return description && (depth > described || general(value.Value))
}

// general says that a description is what every kind of Kubernetes says of its apiVersion and kind.
func general(description string) bool {
	return strings.Contains(description, "sig-architecture/api-conventions.md")
}

// properties are fields, whose names are no keywords of a schema.
func properties(fields *yaml.Node, depth below) {
	for i := 0; i < len(fields.Content); i += 2 {
		switch {
		case depth >= 0:
			withoutRepetition(fields.Content[i+1], depth+1)
			// Each on one line: there are many copies, and so deep in a schema most of a block is indentation.
			fields.Content[i+1].Style = yaml.FlowStyle
		case fields.Content[i].Value == "pod", fields.Content[i].Value == "conditions":
			withoutRepetition(fields.Content[i+1], 0)
		case fields.Content[i].Value == "resources":
			withoutRepetition(fields.Content[i+1], described)
		default:
			withoutRepetition(fields.Content[i+1], depth)
		}
	}
}

func has(node *yaml.Node, name string) bool {
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return true
		}
	}
	return false
}

// onOneLine writes lists of scalars, and mappings that hold no other mapping, on one line: at the depth of a schema half
// of a block is indentation.
func onOneLine(node *yaml.Node) {
	nests := false
	for _, child := range node.Content {
		onOneLine(child)
		nests = nests || child.Kind == yaml.MappingNode || child.Style != yaml.FlowStyle && child.Kind == yaml.SequenceNode
	}
	if !nests && (node.Kind == yaml.MappingNode || node.Kind == yaml.SequenceNode) {
		node.Style = yaml.FlowStyle
	}
}
