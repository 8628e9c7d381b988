package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/xatube/xatube-operator/hack/cluster/internal/image"
	"github.com/xatube/xatube-operator/hack/cluster/internal/program"
)

func assetsCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "assets",
		Short: "Build what envtest needs and print the folder for KUBEBUILDER_ASSETS",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, _, err := o.open(cmd)
			if err != nil {
				return err
			}
			r, err := program.FindRelease(o.kubernetes)
			if err != nil {
				return err
			}
			folder, err := program.AssetFolder(cmd.Context(), c, r)
			if err != nil {
				return err
			}
			return show(cmd, folder)
		},
	}
}

func releasesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "releases",
		Short: "Print the minor versions of Kubernetes that the operator supports, the oldest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var minors []string
			for _, r := range program.Releases {
				minors = append(minors, r.Minor())
			}
			return show(cmd, strings.Join(minors, "\n"))
		},
	}
}

func serversCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "servers",
		Short: "Unpack the servers of the images and print the folder of those that run on this machine: nginx, ffmpeg, redis, promtool",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, progress, err := o.open(cmd)
			if err != nil {
				return err
			}
			p, err := o.local(c, progress)
			if err != nil {
				return err
			}
			if err := p.InstallPackages(cmd.Context()); err != nil {
				return err
			}
			folder, err := image.HostServers(cmd.Context(), c)
			if err != nil {
				return err
			}
			return show(cmd, folder)
		},
	}
}

func binCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "bin [NAME]",
		Short: "Print the folder of the built programs, for the PATH, or the path of one",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, _, err := o.open(cmd)
			if err != nil {
				return err
			}
			r, err := program.FindRelease(o.kubernetes)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				path, err := program.One(cmd.Context(), c, r, args[0])
				if err != nil {
					return err
				}
				return show(cmd, path)
			}
			folder, err := program.Bin(cmd.Context(), c, r)
			if err != nil {
				return err
			}
			return show(cmd, folder)
		},
	}
}

func imagesCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "images",
		Short: "Build all images of the table and print their archives",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, _, err := o.open(cmd)
			if err != nil {
				return err
			}
			archives, err := image.System(cmd.Context(), c)
			if err != nil {
				return err
			}
			servers, err := image.Base(cmd.Context(), c)
			if err != nil {
				return err
			}
			monitoring, err := image.Monitoring(cmd.Context(), c)
			if err != nil {
				return err
			}
			return show(cmd, strings.Join(slices.Concat(archives, []string{servers}, monitoring), "\n"))
		},
	}
}

func loadCommand(o *options) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "load [ARCHIVE...]",
		Short: "Load image archives into every node, or with --all those of the table again",
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return errors.New("want either archives or --all")
			}
			p, err := o.choose(cmd)
			if err != nil {
				return err
			}
			if all {
				return p.LoadBuilt(cmd.Context())
			}
			return p.Load(cmd.Context(), args...)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "load the images of the table")
	return cmd
}

// imageFlags are those of build-image.
type imageFlags struct {
	binary, pkg, path, user, workdir, output string
	refs, env, add, links                    []string
}

func buildImageCommand() *cobra.Command {
	var f imageFlags
	cmd := &cobra.Command{
		Use:   "build-image",
		Short: "Package a static Go program as an image on nothing",
		Long: "Package a static Go program as an image on nothing but certificates and users.\n" +
			"The same program gives the same image, bit by bit.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.build(cmd, cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.binary, "binary", "", "program to package")
	flags.StringVar(&f.pkg, "package", "", "folder of a Go package to build and package, instead of --binary")
	flags.StringVar(&f.path, "path", "/manager", "path of the program in the image, and its entrypoint")
	flags.StringVar(&f.user, "user", "65532:65532", "numeric user of the image")
	flags.StringVar(&f.workdir, "workdir", "", "working folder of the image")
	flags.StringArrayVar(&f.links, "link", nil, "further path under which the program is found, repeatable")
	flags.StringVarP(&f.output, "output", "o", "", "archive to write")
	flags.StringArrayVar(&f.refs, "ref", nil, "reference of the image, repeatable")
	flags.StringArrayVar(&f.env, "env", nil, "NAME=value in the image, repeatable")
	flags.StringArrayVar(&f.add, "add", nil, "SOURCE:PATH of a further file, repeatable")
	cmd.MarkFlagsOneRequired("binary", "package")
	cmd.MarkFlagsMutuallyExclusive("binary", "package")
	for _, name := range []string{"output", "ref"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // only if the flag were not defined above
		}
	}
	return cmd
}

// modeOf a file in the image: a program stays one, whatever the umask of the builder.
func modeOf(source string) (int64, error) {
	info, err := os.Stat(source)
	if err != nil {
		return 0, err
	}
	if info.Mode()&0o100 != 0 {
		return 0o755, nil
	}
	return 0o644, nil
}

func (f imageFlags) build(cmd *cobra.Command, log io.Writer) error {
	tmp, err := os.MkdirTemp("", "build-image-")
	if err != nil {
		return fmt.Errorf("making a build folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	binary := f.binary
	if f.pkg != "" {
		binary = filepath.Join(tmp, "program")
		if err := image.GoBuild(cmd.Context(), f.pkg, ".", binary, log); err != nil {
			return err
		}
	}
	files := []image.File{{Path: f.path, Mode: 0o755, Source: binary}}
	for _, add := range f.add {
		source, target, ok := strings.Cut(add, ":")
		if !ok || !filepath.IsAbs(target) {
			return fmt.Errorf("--add %q: want SOURCE:/PATH", add)
		}
		mode, err := modeOf(source)
		if err != nil {
			return fmt.Errorf("--add %q: %w", add, err)
		}
		files = append(files, image.File{Path: filepath.Clean(target), Mode: mode, Source: source})
	}
	for _, link := range f.links {
		files = append(files, image.File{Path: filepath.Clean(link), Link: f.path})
	}
	var images []image.Image
	for _, ref := range f.refs {
		images = append(images, image.Image{
			Ref: ref, Env: f.env, User: f.user, Entrypoint: []string{f.path}, WorkingDir: f.workdir,
		})
	}
	return image.Scratch(f.output, images, files)
}
