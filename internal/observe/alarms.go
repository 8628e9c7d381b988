package observe

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// Alarm for which RabbitMQ blocks all publishers.
type Alarm string

// The alarms of RabbitMQ.
const (
	AlarmMemory Alarm = "memory"
	AlarmDisk   Alarm = "disk"
)

// AlarmReader reads the alarms of the broker at an address. It fails when the broker does not answer.
type AlarmReader interface {
	Alarms(ctx context.Context, address string) ([]Alarm, error)
}

const (
	// AlarmInterval is how often a broker is asked for its alarms. No object changes with them.
	AlarmInterval = 2 * time.Minute
	alarmTimeout  = 5 * time.Second
	// metricsBytes bounds the metrics of a broker: those of all queues are summed up.
	metricsBytes = 8 << 20
)

// alarms of the ready brokers. A broker that has not answered is left out: its absence shows elsewhere.
func (r *Reader) alarms(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	f.Alarms = map[string][]Alarm{}
	for _, pod := range f.Pods[naming.RabbitMQ] {
		if pod.DeletionTimestamp != nil || !PodReady(pod) {
			continue
		}
		address := net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(int(naming.RabbitMQMetrics)))
		alarms, known, err := r.brokerAlarms.answer(ctx, r, question[[]Alarm]{
			platform: client.ObjectKeyFromObject(c), key: string(pod.UID), fresh: AlarmInterval - time.Second, timeout: alarmTimeout,
			ask: func(ctx context.Context) ([]Alarm, error) { return r.Broker.Alarms(ctx, address) },
		})
		if known && err == nil && len(alarms) > 0 {
			f.Alarms[pod.Name] = alarms
		}
	}
	return nil
}

// PodReady reports whether the kubelet found a pod ready.
func PodReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// Broker asks RabbitMQ for its metrics, which need no login.
type Broker struct {
	client *http.Client
}

// NewBroker asks pods directly, without a proxy, and keeps no connection.
func NewBroker() Broker { return Broker{client: newPodClient(alarmTimeout)} }

// Alarms implements AlarmReader.
func (b Broker) Alarms(ctx context.Context, address string) ([]Alarm, error) {
	metrics, err := getFromPod(ctx, b.client, "http://"+address+"/metrics")
	if err != nil {
		return nil, fmt.Errorf("asking %s for its alarms: %w", address, err)
	}
	defer metrics.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(metrics, metricsBytes))
	if err != nil {
		return nil, fmt.Errorf("asking %s for its alarms: %w", address, err)
	}
	return alarmsIn(families), nil
}

func alarmsIn(families map[string]*dto.MetricFamily) []Alarm {
	var out []Alarm
	for _, a := range []struct {
		metric string
		alarm  Alarm
	}{
		{"rabbitmq_alarms_memory_used_watermark", AlarmMemory},
		{"rabbitmq_alarms_free_disk_space_watermark", AlarmDisk},
	} {
		for _, m := range families[a.metric].GetMetric() {
			if m.GetGauge().GetValue() > 0 || m.GetUntyped().GetValue() > 0 {
				out = append(out, a.alarm)
			}
		}
	}
	return out
}
