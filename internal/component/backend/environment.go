package backend

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/rabbitmq"
	"github.com/xatube/xatube-operator/internal/component/redis"
	"github.com/xatube/xatube-operator/internal/component/routes"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const (
	secretKey = "SECRET_KEY"
	algorithm = "HS256"
)

// Environment of the application, in the server and in the migration.
// The server may reach the database through a pooler; the migration needs sessions of its own.
func Environment(in component.Input, database []*corev1ac.EnvVarApplyConfiguration) ([]*corev1ac.EnvVarApplyConfiguration, error) {
	settings := in.Cluster.Spec.Backend.Settings
	expiry, err := settings.AccessTokenExpiry.Parse()
	if err != nil {
		return nil, fmt.Errorf("spec.backend.settings.accessTokenExpiry: %w", err)
	}
	env := slices.Concat(database, redis.URLEnv(in), rabbitmq.URLEnv(in))
	env = append(env,
		workload.SecretEnv(secretKey, secretName(in), secretKey),
		variable("ALGORITHM", algorithm),
		variable("JWT_ALGORITHM", algorithm),
		variable("ACCESS_TOKEN_EXPIRE_MINUTES", roundedUp(expiry, time.Minute)),
		variable("JWT_EXPIRATION_HOURS", roundedUp(expiry, time.Hour)),
		variable("ENVIRONMENT", "production"),
		variable("LOG_LEVEL", settings.LogLevel),
		variable("WORKERS", strconv.Itoa(int(max(in.Cluster.Spec.Backend.Workers, 1)))),
		variable("API_TITLE", "XaTube"),
		variable("API_VERSION", "1.0.0"),
		variable("RTMP_SERVER_URL", fmt.Sprintf("rtmp://%s:%d",
			naming.FQDN(in.Cluster, naming.Child(in.Cluster, naming.RTMP), in.Options.ClusterDomain), naming.RTMPPort)),
		variable("PYTHONUNBUFFERED", "1"),
		variable("PYTHONDONTWRITEBYTECODE", "1"),
		variable("HOME", "/"+tmp),
		variable("TMPDIR", "/"+tmp))
	env = append(env, allowedHosts(in)...)
	return append(env, allowedOrigins(in.Cluster)...), nil
}

// EnvFrom of the user. Kubernetes lets the variables of Environment win.
func EnvFrom(c *v1alpha1.XaTubeCluster) []*corev1ac.EnvFromSourceApplyConfiguration {
	var sources []*corev1ac.EnvFromSourceApplyConfiguration
	for _, from := range c.Spec.Backend.EnvFrom {
		source := corev1ac.EnvFromSource()
		if from.SecretRef != nil {
			source.WithSecretRef(corev1ac.SecretEnvSource().WithName(string(from.SecretRef.Name)))
		} else {
			source.WithConfigMapRef(corev1ac.ConfigMapEnvSource().WithName(string(from.ConfigMapRef.Name)))
		}
		sources = append(sources, source)
	}
	return sources
}

func variable(name, value string) *corev1ac.EnvVarApplyConfiguration {
	return corev1ac.EnvVar().WithName(name).WithValue(value)
}

// roundedUp is a span in whole units: the application takes no fractions, and a login must not last shorter.
func roundedUp(d, unit time.Duration) string {
	return strconv.FormatInt(int64((d+unit-1)/unit), 10)
}

// allowedHosts are the user's, and those by which the platform itself asks: probes and Prometheus by the address of
// the pod, the ingest by the name of the Service.
func allowedHosts(in component.Input) []*corev1ac.EnvVarApplyConfiguration {
	const name, address = "ALLOWED_HOSTS", "POD_IP"
	wanted := in.Cluster.Spec.Backend.Settings.AllowedHosts
	if len(wanted) == 0 {
		return []*corev1ac.EnvVarApplyConfiguration{variable(name, "*")}
	}
	var hosts []string
	for _, h := range wanted {
		hosts = append(hosts, string(h))
	}
	service := naming.FQDN(in.Cluster, naming.Headless(in.Cluster, naming.Backend), in.Options.ClusterDomain)
	hosts = append(hosts, service, "$("+address+")")
	return []*corev1ac.EnvVarApplyConfiguration{
		corev1ac.EnvVar().WithName(address).WithValueFrom(corev1ac.EnvVarSource().
			WithFieldRef(corev1ac.ObjectFieldSelector().WithFieldPath("status.podIP"))),
		variable(name, strings.Join(hosts, ",")),
	}
}

// allowedOrigins are the user's, or those that the platform is published under. Without either the variable is left
// out: the web application is served from the origin of the API and needs no leave.
func allowedOrigins(c *v1alpha1.XaTubeCluster) []*corev1ac.EnvVarApplyConfiguration {
	var origins []string
	for _, o := range c.Spec.Backend.Settings.CORSOrigins {
		origins = append(origins, string(o))
	}
	if len(origins) == 0 {
		origins = routes.Origins(c)
	}
	if len(origins) == 0 {
		return nil
	}
	return []*corev1ac.EnvVarApplyConfiguration{variable("CORS_ORIGINS", originList(origins))}
}

// originList is read in two ways, and by some of upstream's versions in both: pydantic demands a JSON list and ends
// the process over anything else, while the documented form is separated by commas. So the list ends with an element
// that holds all origins between commas: split at the commas, the text has every origin as a piece of its own, and
// the scraps of JSON among the pieces are the origin of nobody.
func originList(origins []string) string {
	list := append(slices.Clone(origins), ","+strings.Join(origins, ",")+",")
	// Strings always have a JSON form.
	text, _ := json.Marshal(list)
	return string(text)
}
