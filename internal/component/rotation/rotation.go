// Package rotation decides how a generated credential is handed over to a new one without a failed request. Two Secrets
// hold it in turn. The new one is made beside the former, its server is told to accept both, the pods that use it are
// rolled, and when none uses the former any more that is deleted and its server told to forget it. Each step follows
// from what exists, so nothing needs to be remembered: a Secret is never changed.
package rotation

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/credential"
)

// Pair is the two Secrets that hold a credential in turn.
type Pair struct {
	// Component by which the annotation names the credential, and which the Secrets are labelled with.
	Component string
	// First Secret; the other is its alternate.
	First string
	// Before is the Secret that somebody else makes and that is used until the first rotation; empty for none, and then
	// the first Secret is made with the platform.
	Before string
	// Served says that a server runs that may know another credential than the one that is made first.
	Served bool
}

// State is how far a credential has been handed over.
type State struct {
	pair  Pair
	names [2]string
	// secrets that exist.
	secrets [2]*corev1.Secret
	before  *corev1.Secret
	// newest of the two; -1 while there is none.
	newest int
	// used are the Secrets that something running has taken a credential from.
	used map[string]bool
	// deployed are the Secrets that new pods of the backend take theirs from.
	deployed map[string]bool
	settled  bool
	wish     string
}

// State of a credential in the facts.
func (p Pair) State(in component.Input) State {
	s := State{pair: p, names: [2]string{p.First, naming.Alternate(p.First)}, newest: -1, wish: wish(in.Cluster, p.Component)}
	for i, name := range s.names {
		s.secrets[i] = in.Facts.Secrets[name]
		if s.secrets[i] != nil && (s.newest < 0 || count(s.secrets[i]) > count(s.secrets[s.newest])) {
			s.newest = i
		}
	}
	if p.Before != "" {
		s.before = in.Facts.Secrets[p.Before]
	}
	s.used = used(in)
	s.deployed, s.settled = deployed(in)
	return s
}

// count is the number of rotations that led to a Secret.
func count(s *corev1.Secret) int64 {
	n, err := strconv.ParseInt(s.Annotations[naming.AnnotationRotation], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Newest Secret of the two; nil when there is none.
func (s State) Newest() *corev1.Secret {
	if s.newest < 0 {
		return nil
	}
	return s.secrets[s.newest]
}

// Untold says that a server may not know what the newest Secret holds, or know something else beside it: the Secret took
// the place of another one, or was changed by hand.
func (s State) Untold() bool {
	return s.newest >= 0 && (count(s.secrets[s.newest]) > 0 || edited(s.secrets[s.newest]))
}

// Content identifies what the newest Secret holds.
func (s State) Content() string {
	newest := s.secrets[s.newest]
	if edited(newest) {
		return string(newest.UID) + "/" + credential.Digest(newest.Data)
	}
	return string(newest.UID)
}

// edited says that somebody changed a Secret after it was made.
func edited(s *corev1.Secret) bool {
	made := s.Annotations[naming.AnnotationApplied]
	return made != "" && made != credential.Digest(s.Data)
}

// Former is the Secret that the newest takes the place of, as long as it exists or something uses it.
func (s State) Former() (name string, lingers bool) {
	if s.newest < 0 {
		return "", false
	}
	other := 1 - s.newest
	switch {
	case s.secrets[other] != nil || s.used[s.names[other]]:
		return s.names[other], true
	case s.pair.Before != "" && s.used[s.pair.Before]:
		return s.pair.Before, true
	}
	return s.names[other], false
}

// Held says whether a Secret of the pair exists, and else whether something still uses what it held.
func (s State) Held(name string) (exists, used bool) {
	for i, n := range s.names {
		if n == name {
			exists = s.secrets[i] != nil
		}
	}
	return exists, s.used[name]
}

// Names of the two Secrets.
func (s State) Names() [2]string { return s.names }

// Use is the Secret that pods take their credential from: the newest as soon as its server accepts it. Once the
// backend has it, there is no way back.
func (s State) Use(accepted bool) string {
	if s.newest < 0 {
		if s.pair.Before != "" {
			return s.pair.Before
		}
		return s.pair.First
	}
	name, other := s.names[s.newest], 1-s.newest
	switch {
	case accepted || s.deployed[name]:
		return name
	case s.secrets[other] != nil || s.used[s.names[other]]:
		return s.names[other]
	case s.pair.Before != "":
		return s.pair.Before
	}
	return name
}

// Requests for the Secrets: those that exist stay, until one is retired, and a new one is made when there is none or
// when the user wishes for it. data makes the content of the Secret of a name.
func (s State) Requests(data func(name string) func(credential.Generator) map[string][]byte) []credential.Request {
	var out []credential.Request
	for i, name := range s.names {
		if s.secrets[i] != nil {
			out = append(out, credential.Request{
				Component: s.pair.Component, Name: name, Data: data(name), Retire: i != s.newest && s.forsaken(name),
			})
		}
	}
	if i, n := s.next(); i >= 0 {
		out = append(out, credential.Request{
			Component: s.pair.Component, Name: s.names[i], Data: data(s.names[i]), Annotations: s.annotations(n),
		})
	}
	if s.outlived() {
		// Whoever makes it makes another, with a new content.
		out = append(out, credential.Request{Component: s.pair.Component, Name: s.pair.Before, Retire: true})
	}
	return out
}

// next is the Secret to make, and its count; -1 for none.
func (s State) next() (int, int64) {
	switch {
	case s.newest < 0 && s.pair.Before != "" && (s.wish == "" || s.before == nil):
		return -1, 0
	case s.newest < 0:
		return s.unused(), s.firstCount()
	case s.wish == "" || s.wish == s.secrets[s.newest].Annotations[naming.AnnotationRotate]:
		return -1, 0
	}
	if _, lingers := s.Former(); lingers {
		// One after the other.
		return -1, 0
	}
	return 1 - s.newest, count(s.secrets[s.newest]) + 1
}

// unused is the Secret to make when both are gone: not the one whose former content something still uses, for that
// has to be told from the new one.
func (s State) unused() int {
	if s.used[s.names[0]] && !s.used[s.names[1]] {
		return 1
	}
	return 0
}

func (s State) firstCount() int64 {
	if s.pair.Served || s.pair.Before != "" {
		return 1
	}
	return 0
}

func (s State) annotations(n int64) map[string]string {
	out := map[string]string{naming.AnnotationRotation: strconv.FormatInt(n, 10)}
	if s.wish != "" {
		out[naming.AnnotationRotate] = s.wish
	}
	return out
}

// forsaken says that nothing uses a Secret any more, and nothing will: the backends have been rolled to the newest.
func (s State) forsaken(name string) bool {
	return s.settled && s.deployed[s.names[s.newest]] && !s.used[name]
}

// outlived says that the Secret of before the first rotation is older than the newest and forsaken.
func (s State) outlived() bool {
	return s.newest >= 0 && s.before != nil && s.forsaken(s.pair.Before) &&
		s.before.CreationTimestamp.Before(&s.secrets[s.newest].CreationTimestamp)
}
