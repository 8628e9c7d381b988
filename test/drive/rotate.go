package drive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// Rotate asks for a new credential of a component and waits until it has taken the place of the former one everywhere.
func (c *Client) Rotate(ctx context.Context, platform types.NamespacedName, component string, timeout time.Duration) error {
	before, err := c.WaitCondition(ctx, platform, v1alpha1.ConditionCredentialsReady, metav1.ConditionTrue, "", timeout)
	if err != nil {
		return err
	}
	entry := fmt.Sprintf("%s@%d", component, time.Now().UnixNano())
	if err := c.Change(ctx, platform, fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, naming.AnnotationRotate, entry)); err != nil {
		return err
	}
	return c.WaitPlatform(ctx, platform, timeout, "rotation "+entry, func(x *v1alpha1.XaTubeCluster) error {
		now := Condition(x, v1alpha1.ConditionCredentialsReady)
		if now.Status != metav1.ConditionTrue || now.LastTransitionTime.Equal(&before.LastTransitionTime) {
			return fmt.Errorf("%s is %s since %s: %s", now.Type, now.Status, now.LastTransitionTime, now.Message)
		}
		return nil
	})
}

// Credential is the Secret that a component's credential is taken from now.
func (c *Client) Credential(ctx context.Context, platform types.NamespacedName, component string) (*corev1.Secret, error) {
	first := platform.Name + "-" + component
	if component == naming.Postgres {
		first += "-login"
	}
	for _, name := range []string{first, naming.Alternate(first), platform.Name + "-" + component + "-app"} {
		secret := &corev1.Secret{}
		err := c.Get(ctx, types.NamespacedName{Namespace: platform.Namespace, Name: name}, secret)
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("reading Secret %s: %w", name, err)
		}
		if err == nil {
			return secret, nil
		}
	}
	return nil, fmt.Errorf("%s of %s has no Secret", component, platform)
}

// tryTimeout covers the start of a pod.
const tryTimeout = 2 * time.Minute

// Login tries a credential at its server.
func (c *Client) Login(ctx context.Context, platform types.NamespacedName, component string, credential *corev1.Secret) error {
	switch component {
	case naming.Redis:
		// Of a URL without a user redis-cli takes the empty one.
		return c.run(ctx, platform.Namespace, "sh", "-c", `test "$(REDISCLI_AUTH="$0" redis-cli -h "$1" ping)" = PONG`,
			string(credential.Data["password"]), platform.Name+"-"+naming.Redis)
	case naming.Postgres:
		return c.run(ctx, platform.Namespace, "psql", string(credential.Data["uri"]), "-c", "SELECT 1")
	}
	return c.administer(ctx, platform, credential)
}

// run runs a command in a pod and says whether it ended well.
func (c *Client) run(ctx context.Context, namespace string, command ...string) error {
	pod := toolPod(namespace, "try-"+strings.ToLower(rand.Text()[:8]), toolbox, command)
	if err := c.Create(ctx, pod); err != nil {
		return fmt.Errorf("starting %s: %w", command[0], err)
	}
	defer func() { _ = c.Delete(context.WithoutCancel(ctx), pod) }()
	return Until(ctx, tryTimeout, "the end of "+pod.Name, func(ctx context.Context) error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return err
		}
		switch pod.Status.Phase {
		case corev1.PodSucceeded:
			return nil
		case corev1.PodFailed:
			return Abort(ErrRefused)
		default:
			return fmt.Errorf("it is %s", pod.Status.Phase)
		}
	})
}

// ErrRefused says that a server did not let a credential in.
var ErrRefused = errors.New("the server refuses the credential")

// administer asks RabbitMQ's management who the user is.
func (c *Client) administer(ctx context.Context, platform types.NamespacedName, credential *corev1.Secret) error {
	address, closeAll, err := c.Forward(ctx, platform.Namespace, platform.Name+"-"+naming.RabbitMQ, naming.RabbitMQAdminPort)
	if err != nil {
		return err
	}
	defer closeAll()
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/api/whoami", nil)
	if err != nil {
		return err
	}
	request.SetBasicAuth(string(credential.Data["username"]), string(credential.Data["password"]))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking RabbitMQ: %w", err)
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusUnauthorized:
		return ErrRefused
	}
	return fmt.Errorf("RabbitMQ answers %s", answer.Status)
}
