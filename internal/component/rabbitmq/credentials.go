package rabbitmq

import (
	"encoding/json"
	"fmt"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/credential"
)

// Users of the application, in turn. They administer the broker too, for it has no other user.
const (
	firstUser     = "xatube"
	alternateUser = "xatube_alternate"
)

// Keys of the Secrets.
const (
	keyUsername = "username"
	keyPassword = "password"
	keyHost     = "host"
	keyPort     = "port"
	keyURI      = "uri"
	// keyDefinitions holds the user as RabbitMQ imports it at every start: unlike default_user, which counts for an
	// empty broker only, it lets a new password take effect. With it RabbitMQ makes no guest.
	keyDefinitions = "definitions.json"
	keyCookie      = "cookie"
)

func cookieSecret(c *v1alpha1.XaTubeCluster) string {
	return naming.Child(c, naming.RabbitMQ) + "-erlang-cookie"
}

// Credentials are the login, and the secret by which the brokers know each other.
func (Component) Credentials(in component.Input) []credential.Request {
	if _, ok := elsewhere(in.Cluster); ok {
		return nil
	}
	host := fmt.Sprintf("%s.%s.svc", naming.Child(in.Cluster, naming.RabbitMQ), in.Cluster.Namespace)
	requests := logins(in).Requests(func(name string) func(credential.Generator) map[string][]byte {
		user := username(in, name)
		return func(g credential.Generator) map[string][]byte { return login(host, user, g.Password()) }
	})
	return append(requests, credential.Request{
		Component: naming.RabbitMQ,
		Name:      cookieSecret(in.Cluster),
		Data: func(g credential.Generator) map[string][]byte {
			return map[string][]byte{keyCookie: []byte(g.Password())}
		},
	})
}

func login(host, username, password string) map[string][]byte {
	return map[string][]byte{
		keyUsername:    []byte(username),
		keyPassword:    []byte(password),
		keyHost:        []byte(host),
		keyPort:        fmt.Append(nil, naming.AMQPPort),
		keyURI:         fmt.Appendf(nil, "amqp://%s:%s@%s:%d/", username, password, host, naming.AMQPPort),
		keyDefinitions: definitions(username, password),
	}
}

// definitions is what RabbitMQ imports: one user, one virtual host, and the right to everything in it.
func definitions(username, password string) []byte {
	const virtualHost, all = "/", ".*"
	b, err := json.Marshal(map[string]any{
		"users":       []any{map[string]any{"name": username, "password": password, "tags": []string{"administrator"}}},
		"vhosts":      []any{map[string]any{"name": virtualHost}},
		"permissions": []any{map[string]any{"user": username, "vhost": virtualHost, "configure": all, "write": all, "read": all}},
	})
	if err != nil {
		panic(fmt.Sprintf("encoding strings: %v", err))
	}
	return b
}
