package postgres

import (
	"fmt"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const (
	// databaseURL is the variable that the backend reads.
	databaseURL = "DATABASE_URL"
	// plainURL holds what CloudNativePG's Secret has, postgresql://user:password@host:port/database, for databaseURL
	// to be made of.
	plainURL = "POSTGRES_URL"
	// userName and password are what databaseURL is made of when it leads through the pooler. What CloudNativePG makes
	// of them is safe in a URL.
	userName = "POSTGRES_USER"
	password = "POSTGRES_PASSWORD"

	// patience bounds, through libpq, how long a client waits for a server whose node died: without it the
	// connections of a pool hang for minutes.
	patience = "connect_timeout=5" + alive
	// doorPatience is longer than the door lets a connection wait.
	doorPatience = "connect_timeout=30" + alive
	alive        = "&keepalives=1&keepalives_idle=2&keepalives_interval=2&keepalives_count=3" +
		"&tcp_user_timeout=4000"
	// primaryOnly makes libpq ask the server. The pooler knows by itself, and would spend a connection on the question.
	primaryOnly = "&target_session_attrs=read-write"

	// asOwner makes a role that a rotation has made act as the owner of the database, whom its tables then belong to.
	// Without the usual space after -c: some libraries write it as a plus, which others take for one.
	asOwner = "&options=-crole%3D" + database
)

// ServerURLEnv gives the server of the application a DATABASE_URL that leads through the pooler, if there is one, or
// through the door of its pod.
func ServerURLEnv(in component.Input) []*corev1ac.EnvVarApplyConfiguration {
	if !pooled(in) {
		return urlEnv(in, doorPatience)
	}
	secret := loginSecret(in)
	return []*corev1ac.EnvVarApplyConfiguration{
		workload.SecretEnv(userName, secret, keyUsername),
		workload.SecretEnv(password, secret, keyPassword),
		corev1ac.EnvVar().WithName(databaseURL).WithValue(fmt.Sprintf("postgresql://$(%s):$(%s)@%s/%s?%s",
			userName, password, poolerAddress(in.Cluster), database, patience)),
	}
}

// URLEnv gives a container of the application DATABASE_URL. The password stays in its Secret: Kubernetes puts it
// together when the container starts.
func URLEnv(in component.Input) []*corev1ac.EnvVarApplyConfiguration {
	return urlEnv(in, patience)
}

func urlEnv(in component.Input, patience string) []*corev1ac.EnvVarApplyConfiguration {
	if server, ok := elsewhere(in.Cluster); ok {
		return []*corev1ac.EnvVarApplyConfiguration{server.Env(databaseURL)}
	}
	secret, parameters := loginSecret(in), patience+primaryOnly
	if secret != naming.PostgresAppSecret(in.Cluster) {
		parameters += asOwner
	}
	return []*corev1ac.EnvVarApplyConfiguration{
		workload.SecretEnv(plainURL, secret, keyURI),
		corev1ac.EnvVar().WithName(databaseURL).WithValue("$(" + plainURL + ")?" + parameters),
	}
}
