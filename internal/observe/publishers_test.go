package observe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// statXML is what nginx says of two streams that are published, and of one that only has a viewer left.
const statXML = `<?xml version="1.0" encoding="utf-8" ?>
<rtmp>
<nginx_version>1.30.3</nginx_version>
<server>
<application>
<name>live</name>
<live>
<stream>
<name>key-1</name>
<client><id>1</id><address>10.0.0.1</address><publishing/><active/></client>
<meta><video><codec>H264</codec></video></meta>
<nclients>1</nclients>
<publishing/>
<active/></stream>
<stream>
<name>key-2</name>
<client><id>2</id></client>
<nclients>1</nclients>
</stream>
<stream>
<name>key-3</name>
<client><id>3</id><publishing/></client>
<nclients>1</nclients>
<publishing/>
<active/></stream>
<nclients>3</nclients>
</live>
</application>
</server>
</rtmp>
`

func TestIngestCountsPublishers(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter)
		want   int32
		fails  bool
	}{
		{name: "two", answer: func(w http.ResponseWriter) { fmt.Fprint(w, statXML) }, want: 2},
		{name: "none", answer: func(w http.ResponseWriter) {
			fmt.Fprint(w, "<rtmp><server><application><live></live></application></server></rtmp>")
		}},
		{name: "an error", answer: func(w http.ResponseWriter) { http.Error(w, statXML, http.StatusBadGateway) }, fails: true},
		{name: "a redirect", answer: func(w http.ResponseWriter) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusFound)
		}, fails: true},
		{name: "no statistics", answer: func(w http.ResponseWriter) { fmt.Fprint(w, "<html><p>key-1</p>") }, fails: true},
		{name: "a broken answer", answer: func(w http.ResponseWriter) { fmt.Fprint(w, statXML[:len(statXML)/2]) }, fails: true},
		{name: "too much", answer: func(w http.ResponseWriter) {
			fmt.Fprint(w, "<rtmp>"+strings.Repeat("<x>key-1</x>", ingestBytes/12)+"</rtmp>")
		}, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/stat" {
					t.Errorf("asked for %s", r.URL.Path)
				}
				c.answer(w)
			}))
			t.Cleanup(server.Close)
			n, err := NewIngest().Publishers(t.Context(), strings.TrimPrefix(server.URL, "http://"))
			if n != c.want || (err != nil) != c.fails {
				t.Errorf("%d publishers, %v; want %d, an error: %v", n, err, c.want, c.fails)
			}
			if err != nil && strings.Contains(err.Error(), "key-") {
				t.Errorf("the error shows a stream key: %v", err)
			}
		})
	}
}

// counter answers for some addresses.
type counter struct{ answers map[string]int32 }

func (c counter) Publishers(_ context.Context, address string) (int32, error) {
	if n, found := c.answers[address]; found {
		return n, nil
	}
	return 0, errors.New("nobody answers")
}

func TestPublishersAreReadWhileAPodDrains(t *testing.T) {
	pod := func(name, ip string, deleted bool) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}}
		p.Spec.Containers = []corev1.Container{{Name: naming.RTMP, Ports: []corev1.ContainerPort{
			{Name: naming.PortRTMP, ContainerPort: 1935}, {Name: naming.PortHTTP, ContainerPort: 8080},
		}}}
		p.Status.PodIP = ip
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: naming.RTMP, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		}}
		if deleted {
			p.DeletionTimestamp = &metav1.Time{}
		}
		return p
	}
	starting := pod("starting", "", false)
	starting.Status.ContainerStatuses = nil
	for _, c := range []struct {
		name string
		pods []*corev1.Pod
		want map[string]int32
	}{
		{"at rest", []*corev1.Pod{pod("a", "10.0.0.1", false)}, nil},
		{"the one that goes has no server any more", []*corev1.Pod{func() *corev1.Pod {
			p := pod("a", "10.0.0.1", true)
			p.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
			return p
		}()}, nil},
		{
			"one drains",
			[]*corev1.Pod{pod("a", "10.0.0.1", false), pod("b", "fd00::2", true), starting},
			map[string]int32{"a": 1, "b": 2},
		},
		{"it does not answer", []*corev1.Pod{pod("a", "10.0.0.1", false), pod("b", "10.0.0.9", true)}, map[string]int32{"a": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Facts{Pods: map[string][]*corev1.Pod{naming.RTMP: c.pods}}
			synctest.Test(t, func(t *testing.T) {
				r := Reader{Ingest: counter{map[string]int32{"10.0.0.1:8080": 1, "[fd00::2]:8080": 2}}, Now: time.Now}
				for range 2 {
					if err := r.publishers(t.Context(), &v1alpha1.XaTubeCluster{}, &f); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
			})
			if !maps.Equal(f.Publishers, c.want) || (f.Publishers == nil) != (c.want == nil) {
				t.Errorf("got %v, want %v", f.Publishers, c.want)
			}
		})
	}
}
