package backend

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/postgres"
)

// environment of a platform after a change of its spec.
func environment(t *testing.T, change func(*v1alpha1.XaTubeClusterSpec)) map[string]string {
	t.Helper()
	in := input(t, "minimal")
	change(&in.Cluster.Spec)
	env, err := Environment(in, postgres.URLEnv(in))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, e := range env {
		if e.Value != nil {
			values[*e.Name] = *e.Value
		}
	}
	return values
}

func TestEnvironment(t *testing.T) {
	tests := []struct {
		name     string
		change   func(*v1alpha1.XaTubeClusterSpec)
		variable string
		want     string
	}{
		{
			name:     "log level",
			change:   func(s *v1alpha1.XaTubeClusterSpec) { s.Backend.Settings.LogLevel = "DEBUG" },
			variable: "LOG_LEVEL", want: "DEBUG",
		},
		{
			name:     "workers",
			change:   func(s *v1alpha1.XaTubeClusterSpec) { s.Backend.Workers = 4 },
			variable: "WORKERS", want: "4",
		},
		{
			// C16. The cookie that carries it is kept for 90 days.
			name:     "a login lasts as long as upstream's",
			change:   func(*v1alpha1.XaTubeClusterSpec) {},
			variable: "ACCESS_TOKEN_EXPIRE_MINUTES", want: "129600",
		},
		{
			name:     "expiry in minutes",
			change:   func(s *v1alpha1.XaTubeClusterSpec) { s.Backend.Settings.AccessTokenExpiry = "1h30m" },
			variable: "ACCESS_TOKEN_EXPIRE_MINUTES", want: "90",
		},
		{
			name:     "expiry in hours is rounded up",
			change:   func(s *v1alpha1.XaTubeClusterSpec) { s.Backend.Settings.AccessTokenExpiry = "1h30m" },
			variable: "JWT_EXPIRATION_HOURS", want: "2",
		},
		{
			name:     "any host by default",
			change:   func(*v1alpha1.XaTubeClusterSpec) {},
			variable: "ALLOWED_HOSTS", want: "*",
		},
		{
			name: "hosts of the user and of the platform",
			change: func(s *v1alpha1.XaTubeClusterSpec) {
				s.Backend.Settings.AllowedHosts = []v1alpha1.Hostname{"tube.example.com"}
			},
			variable: "ALLOWED_HOSTS", want: "tube.example.com,demo-backend-pods.default.svc.cluster.local,$(POD_IP)",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := environment(t, tt.change)[tt.variable]; got != tt.want {
				t.Errorf("%s = %q, want %q", tt.variable, got, tt.want)
			}
		})
	}
}

func TestOriginsReachEitherReader(t *testing.T) {
	tests := []struct {
		name   string
		change func(*v1alpha1.XaTubeClusterSpec)
		want   []string
	}{
		{
			name: "where the platform is published",
			change: func(s *v1alpha1.XaTubeClusterSpec) {
				s.Ingress = &v1alpha1.IngressSpec{Host: "tube.example.com", TLS: &v1alpha1.TLSSpec{SecretName: "tls"}}
			},
			want: []string{"https://tube.example.com"},
		},
		{
			name: "those of the user instead",
			change: func(s *v1alpha1.XaTubeClusterSpec) {
				s.Ingress = &v1alpha1.IngressSpec{Host: "tube.example.com"}
				s.Backend.Settings.CORSOrigins = []v1alpha1.Origin{"https://a.example.com", "http://b.example.com:8080"}
			},
			want: []string{"https://a.example.com", "http://b.example.com:8080"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			value := environment(t, tt.change)["CORS_ORIGINS"]
			var list []string
			if err := json.Unmarshal([]byte(value), &list); err != nil {
				t.Fatalf("CORS_ORIGINS is no JSON list, as pydantic demands: %v", err)
			}
			pieces := strings.Split(value, ",")
			for _, origin := range tt.want {
				if !slices.Contains(list, origin) || !slices.Contains(pieces, origin) {
					t.Errorf("CORS_ORIGINS %s lacks %s as JSON or separated by commas", value, origin)
				}
			}
		})
	}
}

func TestNoOriginsWithoutAPublishedName(t *testing.T) {
	if value, set := environment(t, func(*v1alpha1.XaTubeClusterSpec) {})["CORS_ORIGINS"]; set {
		t.Errorf("CORS_ORIGINS = %q, want none: an empty one ends upstream's process", value)
	}
}
