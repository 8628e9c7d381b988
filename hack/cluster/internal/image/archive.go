package image

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/google/go-containerregistry/pkg/compression"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// writeArchive writes images that share one layer, a tar file, as one archive in the format of
// docker save, which containerd and kind load. The layer stays uncompressed: it never crosses a
// network, and unpacking is half of the time of a cluster's start.
func writeArchive(path, layerFile string, images []Image) error {
	layer, err := tarball.LayerFromFile(layerFile, tarball.WithCompression(compression.None))
	if err != nil {
		return fmt.Errorf("reading layer %s: %w", layerFile, err)
	}
	tagged := map[name.Tag]v1.Image{}
	for _, img := range images {
		tag, err := name.NewTag(img.Ref, name.StrictValidation)
		if err != nil {
			return fmt.Errorf("parsing an image reference: %w", err)
		}
		if tagged[tag], err = assemble(img, layer); err != nil {
			return fmt.Errorf("assembling %s: %w", img.Ref, err)
		}
	}
	if err := tarball.MultiWriteToFile(path, tagged); err != nil {
		return fmt.Errorf("writing an image archive: %w", err)
	}
	return nil
}

func assemble(img Image, layer v1.Layer) (v1.Image, error) {
	made, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	file, err := made.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", runtime.GOARCH
	file.Config = v1.Config{
		Env: img.Env, User: img.User, Entrypoint: img.Entrypoint, WorkingDir: img.WorkingDir,
	}
	return mutate.ConfigFile(made, file)
}

// Scratch writes an archive of one program, its links and further files, under several references.
func Scratch(path string, images []Image, files []File) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the folder of an image archive: %w", err)
	}
	layer, err := os.CreateTemp(filepath.Dir(path), "layer-")
	if err != nil {
		return fmt.Errorf("making a layer file: %w", err)
	}
	defer func() { _ = os.Remove(layer.Name()) }()
	defer func() { _ = layer.Close() }()
	if err := writeLayer(layer, append(scratchFiles(), files...)); err != nil {
		return err
	}
	return writeArchive(path, layer.Name(), images)
}
