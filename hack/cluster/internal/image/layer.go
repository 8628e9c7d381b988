package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// File is something in a layer. Exactly one of Source, Data, Link or Dir says what.
type File struct {
	Path   string // absolute, in the image
	Mode   int64
	Source string // a file of this machine
	Data   []byte
	Link   string // target of a symbolic link
	Dir    bool
}

// trustStore is where Go programs look for the certificates of authorities.
const trustStore = "/etc/ssl/certs/ca-certificates.crt"

// scratchFiles are what a static program may expect of a system: users, certificates, a /tmp.
func scratchFiles() []File {
	files := []File{
		{Path: "/etc/passwd", Mode: 0o644, Data: []byte("root:x:0:0:root:/root:/sbin/nologin\n" +
			"nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n" +
			"nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n")},
		{Path: "/etc/group", Mode: 0o644, Data: []byte("root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n")},
		{Path: "/tmp", Mode: 0o1777, Dir: true},
	}
	if _, err := os.Stat(trustStore); err == nil {
		files = append(files, File{Path: trustStore, Mode: 0o644, Source: trustStore})
	}
	return files
}

// writeLayer writes files as a layer that depends on nothing but them: sorted, without times and owners.
func writeLayer(w io.Writer, files []File) error {
	files = withParents(files)
	archive := tar.NewWriter(w)
	for _, file := range files {
		if err := writeFile(archive, file); err != nil {
			return fmt.Errorf("writing %s into a layer: %w", file.Path, err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("closing a layer: %w", err)
	}
	return nil
}

// withParents adds the folders that files lie in and sorts, so that a folder precedes its content.
func withParents(files []File) []File {
	have := map[string]bool{"/": true}
	for _, file := range files {
		have[file.Path] = true
	}
	all := slices.Clone(files)
	for _, file := range files {
		for dir := path.Dir(file.Path); !have[dir]; dir = path.Dir(dir) {
			have[dir] = true
			all = append(all, File{Path: dir, Mode: 0o755, Dir: true})
		}
	}
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return all
}

func writeFile(archive *tar.Writer, file File) error {
	header := &tar.Header{Name: strings.TrimPrefix(file.Path, "/"), Mode: file.Mode, Format: tar.FormatPAX}
	switch {
	case file.Dir:
		header.Typeflag, header.Name = tar.TypeDir, header.Name+"/"
		return archive.WriteHeader(header)
	case file.Link != "":
		header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, file.Link, 0o777
		return archive.WriteHeader(header)
	case file.Source != "":
		return copyFile(archive, header, file.Source)
	}
	return copyContent(archive, header, bytes.NewReader(file.Data), int64(len(file.Data)))
}

func copyFile(archive *tar.Writer, header *tar.Header, source string) error {
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	return copyContent(archive, header, in, info.Size())
}

func copyContent(archive *tar.Writer, header *tar.Header, content io.Reader, size int64) error {
	header.Typeflag, header.Size = tar.TypeReg, size
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(archive, content)
	return err
}
