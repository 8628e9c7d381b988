package monitoring

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// The login of Grafana's administrator, and the keys of its Secret.
const (
	administrator = "admin"
	keyUsername   = "username"
	keyPassword   = "password"
)

const (
	// grafanaUser is that of the official image.
	grafanaUser = 472
	// grafanaPath is the same with and without the edge, so that publishing Grafana does not restart it.
	grafanaPath = "/grafana/"

	grafanaHome     = "/usr/share/grafana"
	dataFolder      = "/var/lib/grafana"
	tmpFolder       = "/tmp"
	provisionFolder = "/etc/grafana/provisioning"
	dashboardFolder = "/etc/grafana/dashboards"
	loginFolder     = "/etc/grafana/login"

	volumeData       = "data"
	volumeTmp        = "tmp"
	volumeProvision  = "provisioning"
	volumeDashboards = "dashboards"
	volumeLogin      = "login"

	fileSources = "datasources.json"
	fileFolders = "dashboards.json"
)

// grafana with one source of data and the dashboards. It keeps nothing: all that it knows comes with its pod.
func grafana(in component.Input) ([]component.Object, error) {
	spec := in.Cluster.Spec.Monitoring.Grafana
	if spec == nil {
		return nil, nil
	}
	provisioned, err := provisioning(in.Cluster)
	if err != nil {
		return nil, err
	}
	template, err := grafanaTemplate(in, *spec, provisioned)
	if err != nil {
		return nil, err
	}
	d := workload.Deployment(in, naming.Grafana)
	d.Spec.WithReplicas(hibernation.Replicas(in, naming.Grafana, 1)).WithTemplate(template)
	name := naming.Child(in.Cluster, naming.Grafana)
	return []component.Object{
		workload.ConfigMap(in, name, naming.Grafana, provisioned),
		workload.Service(in, name, naming.Grafana, workload.ServicePort(naming.PortHTTP, naming.GrafanaPort)),
		d,
	}, nil
}

// provisioning are Grafana's own files, whose YAML may be JSON.
func provisioning(c *v1alpha1.XaTubeCluster) (map[string]string, error) {
	out := map[string]string{}
	for file, content := range map[string]map[string]any{
		fileSources: {"datasources": []any{map[string]any{
			"name": "Prometheus", "uid": "prometheus", "type": "prometheus", "access": "proxy", "isDefault": true,
			"url":      prometheusURL(c),
			"jsonData": map[string]any{"timeInterval": string(c.Spec.Monitoring.Interval), "httpMethod": "POST"},
		}}},
		fileFolders: {"providers": []any{map[string]any{
			"name": "xatube", "folder": "XaTube", "type": "file", "allowUiUpdates": false,
			"options": map[string]any{"path": dashboardFolder},
		}}},
	} {
		content["apiVersion"] = 1
		text, err := json.MarshalIndent(content, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("encoding %s: %w", file, err)
		}
		out[file] = string(text) + "\n"
	}
	return out, nil
}

func prometheusURL(c *v1alpha1.XaTubeCluster) string {
	if url := c.Spec.Monitoring.Grafana.PrometheusURL; url != "" {
		return url
	}
	return fmt.Sprintf("http://%s.%s.svc:%d", naming.Child(c, naming.Prometheus), c.Namespace, naming.PrometheusPort)
}

func grafanaTemplate(in component.Input, spec v1alpha1.GrafanaSpec, provisioned map[string]string) (*corev1ac.PodTemplateSpecApplyConfiguration, error) {
	all, err := dashboardsOf(in.Cluster)
	if err != nil {
		return nil, err
	}
	login := naming.Child(in.Cluster, naming.Grafana)
	// Grafana takes the password at its start, the provisioned files too; changed dashboards it finds by itself.
	var password []byte
	if s := in.Facts.Secrets[login]; s != nil {
		password = s.Data[keyPassword]
	}
	checksum, err := workload.Checksum(provisioned, password)
	if err != nil {
		return nil, err
	}
	return workload.Template(in, workload.Pod{
		Component:  naming.Grafana,
		Settings:   v1alpha1.PodSettings{Resources: spec.Resources},
		User:       grafanaUser,
		Containers: []*corev1ac.ContainerApplyConfiguration{grafanaContainer(in, spec)},
		Volumes: []*corev1ac.VolumeApplyConfiguration{
			workload.Scratch(volumeData, resource.MustParse("1Gi")),
			workload.SmallScratch(volumeTmp),
			workload.ConfigVolume(volumeProvision, naming.Child(in.Cluster, naming.Grafana)),
			dashboardVolume(in.Cluster, all),
			workload.SecretVolume(volumeLogin, login),
		},
		Checksum:    checksum,
		GracePeriod: 30 * time.Second,
		Single:      true,
	})
}

func grafanaContainer(in component.Input, spec v1alpha1.GrafanaSpec) *corev1ac.ContainerApplyConfiguration {
	c := workload.Container(in, naming.Grafana, naming.Image(in.Cluster, spec.Image, naming.ImageGrafana),
		grafanaHome+"/bin/grafana", "server", "--homepath="+grafanaHome).
		WithPorts(workload.Port(naming.PortHTTP, naming.GrafanaPort)).
		WithResources(workload.Requests("50m", "128Mi")).
		WithVolumeMounts(
			workload.Mount(volumeData, dataFolder),
			workload.Mount(volumeTmp, tmpFolder),
			workload.Mount(volumeProvision, provisionFolder+"/datasources/"+fileSources).WithSubPath(fileSources).WithReadOnly(true),
			workload.Mount(volumeProvision, provisionFolder+"/dashboards/"+fileFolders).WithSubPath(fileFolders).WithReadOnly(true),
			workload.Mount(volumeDashboards, dashboardFolder).WithReadOnly(true),
			workload.Mount(volumeLogin, loginFolder).WithReadOnly(true)).
		WithStartupProbe(grafanaHealth().WithPeriodSeconds(2).WithFailureThreshold(90)).
		WithReadinessProbe(grafanaHealth().WithPeriodSeconds(5).WithFailureThreshold(3)).
		WithLivenessProbe(grafanaHealth().WithPeriodSeconds(15).WithFailureThreshold(4))
	settings := map[string]string{
		"GF_PATHS_DATA":                             dataFolder,
		"GF_PATHS_PLUGINS":                          dataFolder + "/plugins",
		"GF_PATHS_PROVISIONING":                     provisionFolder,
		"GF_LOG_MODE":                               "console",
		"GF_SERVER_HTTP_PORT":                       strconv.Itoa(int(naming.GrafanaPort)),
		"GF_SERVER_ROOT_URL":                        "%(protocol)s://%(domain)s:%(http_port)s" + grafanaPath,
		"GF_SERVER_SERVE_FROM_SUB_PATH":             "true",
		"GF_SECURITY_ADMIN_USER":                    administrator,
		"GF_SECURITY_ADMIN_PASSWORD__FILE":          loginFolder + "/" + keyPassword,
		"GF_SECURITY_DISABLE_GRAVATAR":              "true",
		"GF_ANALYTICS_REPORTING_ENABLED":            "false",
		"GF_ANALYTICS_CHECK_FOR_UPDATES":            "false",
		"GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES":     "false",
		"GF_PLUGINS_PREINSTALL_DISABLED":            "true",
		"GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": dashboardFolder + "/" + homeDashboard,
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		c.WithEnv(corev1ac.EnvVar().WithName(name).WithValue(settings[name]))
	}
	return c
}

// homeDashboard is what Grafana opens on.
const homeDashboard = "cluster-overview.json"

func grafanaHealth() *corev1ac.ProbeApplyConfiguration {
	return workload.HTTPProbe(naming.PortHTTP, grafanaPath+"api/health").WithTimeoutSeconds(3)
}

// dashboardVolume holds the ConfigMaps of all dashboards in one folder.
func dashboardVolume(c *v1alpha1.XaTubeCluster, all []dashboard) *corev1ac.VolumeApplyConfiguration {
	files := corev1ac.ProjectedVolumeSource()
	for _, d := range all {
		files.WithSources(corev1ac.VolumeProjection().WithConfigMap(corev1ac.ConfigMapProjection().WithName(d.name(c))))
	}
	return corev1ac.Volume().WithName(volumeDashboards).WithProjected(files)
}
