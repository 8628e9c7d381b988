package observe

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
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

// brokerMetrics is what RabbitMQ 4 says of its alarms, among much else.
const brokerMetrics = `# TYPE rabbitmq_build_info untyped
rabbitmq_build_info{rabbitmq_version="4.3.6"} 1
# TYPE rabbitmq_alarms_file_descriptor_limit untyped
# HELP rabbitmq_alarms_file_descriptor_limit is 1 if file descriptor limit alarm is in effect
rabbitmq_alarms_file_descriptor_limit 0
# TYPE rabbitmq_alarms_free_disk_space_watermark untyped
rabbitmq_alarms_free_disk_space_watermark %d
# TYPE rabbitmq_alarms_memory_used_watermark untyped
rabbitmq_alarms_memory_used_watermark %d
`

func TestBrokerReadsAlarms(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter)
		want   []Alarm
		fails  bool
	}{
		{name: "none", answer: func(w http.ResponseWriter) { fmt.Fprintf(w, brokerMetrics, 0, 0) }},
		{name: "memory", answer: func(w http.ResponseWriter) { fmt.Fprintf(w, brokerMetrics, 0, 1) }, want: []Alarm{AlarmMemory}},
		{name: "disk", answer: func(w http.ResponseWriter) { fmt.Fprintf(w, brokerMetrics, 1, 0) }, want: []Alarm{AlarmDisk}},
		{name: "both", answer: func(w http.ResponseWriter) { fmt.Fprintf(w, brokerMetrics, 1, 1) }, want: []Alarm{AlarmMemory, AlarmDisk}},
		{name: "an error", answer: func(w http.ResponseWriter) { http.Error(w, brokerMetrics, http.StatusInternalServerError) }, fails: true},
		{name: "no metrics", answer: func(w http.ResponseWriter) { fmt.Fprint(w, "<html>") }, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { c.answer(w) }))
			t.Cleanup(server.Close)
			alarms, err := NewBroker().Alarms(t.Context(), strings.TrimPrefix(server.URL, "http://"))
			if !slices.Equal(alarms, c.want) || (err != nil) != c.fails {
				t.Errorf("got %v, %v; want %v, an error: %v", alarms, err, c.want, c.fails)
			}
		})
	}
}

// alarmed answers with the alarms by address.
type alarmed map[string][]Alarm

func (a alarmed) Alarms(_ context.Context, address string) ([]Alarm, error) { return a[address], nil }

func TestAlarmsAreReadFromReadyBrokers(t *testing.T) {
	pod := func(name, ip string, ready corev1.ConditionStatus) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}}
		p.Status.PodIP = ip
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}
		return p
	}
	synctest.Test(t, func(t *testing.T) {
		answers := alarmed{"10.0.0.1:15692": {AlarmMemory}, "[fd00::2]:15692": {AlarmDisk}, "10.0.0.3:15692": nil, "10.0.0.4:15692": {AlarmDisk}}
		now := time.Now()
		r := Reader{Broker: answers, Now: func() time.Time { return now }}
		f := Facts{Pods: map[string][]*corev1.Pod{naming.RabbitMQ: {
			pod("a", "10.0.0.1", corev1.ConditionTrue), pod("b", "fd00::2", corev1.ConditionTrue),
			pod("well", "10.0.0.3", corev1.ConditionTrue), pod("starting", "10.0.0.4", corev1.ConditionFalse),
		}}}
		read := func() map[string][]Alarm {
			for range 2 {
				if err := r.alarms(t.Context(), &v1alpha1.XaTubeCluster{}, &f); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
			}
			return f.Alarms
		}
		if got, want := read(), (map[string][]Alarm{"a": {AlarmMemory}, "b": {AlarmDisk}}); !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		answers["10.0.0.1:15692"] = nil
		now = now.Add(AlarmInterval)
		if got, want := read(), (map[string][]Alarm{"b": {AlarmDisk}}); !reflect.DeepEqual(got, want) {
			t.Errorf("after the interval: got %v, want %v", got, want)
		}
	})
}
