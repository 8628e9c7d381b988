package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func table() []Image {
	all := slices.Clone(Servers)
	for _, p := range slices.Concat(Programs, MonitoringPrograms) {
		all = append(all, p.Image)
	}
	for _, p := range MonitoringPackaged {
		all = append(all, p.Image)
	}
	return all
}

// containerd and kubelet look images up by the full reference alone.
func TestReferencesAreFullAndUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, img := range table() {
		if seen[img.Ref] {
			t.Errorf("%s is there twice", img.Ref)
		}
		seen[img.Ref] = true
		registry, rest, _ := strings.Cut(img.Ref, "/")
		if !strings.Contains(registry, ".") || !strings.Contains(rest, "/") {
			t.Errorf("%s is not a full reference", img.Ref)
		}
		if _, err := name.NewTag(img.Ref, name.StrictValidation); err != nil {
			t.Errorf("%s: %v", img.Ref, err)
		}
	}
	for _, ref := range []string{Pause, Toolbox} {
		if !seen[ref] {
			t.Errorf("%s is not in the table", ref)
		}
	}
}

func TestScratch(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte("binary"), 0o755); err != nil {
		t.Fatal(err)
	}
	images := []Image{
		{Ref: "docker.io/library/one:1", User: "65532:65532", Entrypoint: []string{"/bin/program"}},
		{Ref: "ghcr.io/other/two:2", Env: []string{"A=b"}},
	}
	files := []File{
		{Path: "/bin/program", Mode: 0o755, Source: program},
		{Path: "/alias", Link: "bin/program"},
	}
	archive := filepath.Join(dir, "image.tar")
	if err := Scratch(archive, images, files); err != nil {
		t.Fatal(err)
	}

	config, entries := readImage(t, archive, images[0].Ref)
	if config.User != "65532:65532" || !slices.Equal(config.Entrypoint, []string{"/bin/program"}) {
		t.Errorf("config is %+v", config)
	}
	if got := entries["bin/program"]; got.content != "binary" || got.Mode != 0o755 {
		t.Errorf("bin/program is %+v", got)
	}
	if got := entries["alias"]; got.Linkname != "bin/program" {
		t.Errorf("alias is %+v", got)
	}
	if got := entries["etc/passwd"]; !strings.Contains(got.content, "nonroot:x:65532:65532:") {
		t.Errorf("etc/passwd is %q", got.content)
	}
}

// readImage reads the configuration and the files of an image with one layer.
func readImage(t *testing.T, archive, ref string) (v1.Config, map[string]entry) {
	t.Helper()
	tag, err := name.NewTag(ref)
	if err != nil {
		t.Fatal(err)
	}
	img, err := tarball.ImageFromPath(archive, &tag)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("layers: %v, %v", layers, err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	return config.Config, readTar(t, content)
}

func TestLayerIsReproducible(t *testing.T) {
	files := []File{
		{Path: "/b/file", Mode: 0o644, Data: []byte("x")},
		{Path: "/a/deep/file", Mode: 0o644, Data: []byte("y")},
	}
	var first, second bytes.Buffer
	if err := writeLayer(&first, files); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(files)
	if err := writeLayer(&second, files); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the order of files changes the layer")
	}
	var order []string
	for _, file := range withParents(files) {
		order = append(order, file.Path)
	}
	want := []string{"/a", "/a/deep", "/a/deep/file", "/b", "/b/file"}
	if !slices.Equal(order, want) {
		t.Errorf("order is %v, want %v", order, want)
	}
}

func TestParseMirror(t *testing.T) {
	const targets = "Debian|Debian-Security|http://mirror.example/debian-security/\n" +
		"other|other|http://other.example/\nDebian|Debian|http://mirror.example/debian/\n"
	if mirror, ok := parseMirror(targets); !ok || mirror != "http://mirror.example/debian/" {
		t.Errorf("got %q, %t", mirror, ok)
	}
	if mirror, ok := parseMirror("Ubuntu|Ubuntu|http://mirror.example/ubuntu/\n"); ok {
		t.Errorf("took %q for Debian", mirror)
	}
}

type entry struct {
	*tar.Header
	content string
}

func readTar(t *testing.T, r io.Reader) map[string]entry {
	t.Helper()
	entries := map[string]entry{}
	archive := tar.NewReader(r)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		entries[header.Name] = entry{header, string(content)}
	}
}
