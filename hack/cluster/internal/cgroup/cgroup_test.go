package cgroup

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestParseTrees(t *testing.T) {
	tests := []struct {
		name, mountinfo string
		want            []tree
	}{
		{
			"version 1",
			"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n" +
				"33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n" +
				"40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n",
			[]tree{
				{"/sys/fs/cgroup/cpu,cpuacct", "cgroup", "cpu,cpuacct"},
				{"/sys/fs/cgroup/systemd", "cgroup", "xattr,name=systemd"},
			},
		},
		{
			"version 2",
			"30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
			[]tree{{"/sys/fs/cgroup", "cgroup2", "nsdelegate"}},
		},
		{"none", "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := parseTrees(test.mountinfo); !slices.Equal(got, test.want) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestRemoveOnce(t *testing.T) {
	top := filepath.Join(t.TempDir(), "group")
	if err := os.MkdirAll(filepath.Join(top, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 { // what is gone is no error
		if err := removeOnce(top); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(top); !os.IsNotExist(err) {
		t.Errorf("the group is there: %v", err)
	}
}

func TestMembers(t *testing.T) {
	top := t.TempDir()
	for group, procs := range map[string]string{"": "1\n", "pods/a": "2\n3\n", "pods/a/inner": "4\n", "pods/b": "5\n"} {
		dir := filepath.Join(top, group)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(procs), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string][]int{"a": {2, 3, 4}, "b": {5}, "none": nil} {
		got, err := members(top, name)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s has %v, %v, want %v", name, got, err, want)
		}
	}
	if got, err := members(filepath.Join(top, "gone"), "a"); err != nil || got != nil {
		t.Errorf("a group that is gone has %v, %v", got, err)
	}
}

func TestForeignGroupsAreRefused(t *testing.T) {
	for _, group := range []string{"", ".", "/", "..", "../x", "/absolute", "a/../.."} {
		if err := Remove(t.Context(), group); err == nil {
			t.Errorf("removed %q", group)
		}
		if err := Make(group); err == nil {
			t.Errorf("made %q", group)
		}
	}
	if err := check("xatube.dev/node-1"); err != nil {
		t.Error(err)
	}
}
