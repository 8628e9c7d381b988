package drive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/internal/component/naming"
)

// Broker is the RabbitMQ of a platform, through its management API.
type Broker struct {
	base, user, password string
}

// Broker opens the broker of a platform. stop ends the forwarding.
func (c *Client) Broker(ctx context.Context, platform types.NamespacedName) (b *Broker, stop func(), err error) {
	name := platform.Name + "-" + naming.RabbitMQ
	secret := &corev1.Secret{}
	if err := c.Get(ctx, types.NamespacedName{Namespace: platform.Namespace, Name: name}, secret); err != nil {
		return nil, nil, fmt.Errorf("reading the login of the broker: %w", err)
	}
	addr, stop, err := c.Forward(ctx, platform.Namespace, name, naming.RabbitMQAdminPort)
	if err != nil {
		return nil, nil, err
	}
	return &Broker{base: "http://" + addr + "/api", user: string(secret.Data["username"]), password: string(secret.Data["password"])}, stop, nil
}

// Declare makes a durable queue.
func (b *Broker) Declare(ctx context.Context, queue string) error {
	return b.call(ctx, http.MethodPut, "/queues/%2F/"+queue, map[string]any{"durable": true}, nil)
}

// Publish puts a persistent message into a queue.
func (b *Broker) Publish(ctx context.Context, queue, message string) error {
	var answer struct {
		Routed bool `json:"routed"`
	}
	err := b.call(ctx, http.MethodPost, "/exchanges/%2F/amq.default/publish", map[string]any{
		"routing_key": queue, "payload": message, "payload_encoding": "string",
		"properties": map[string]any{"delivery_mode": 2},
	}, &answer)
	if err == nil && !answer.Routed {
		err = fmt.Errorf("queue %s did not take the message", queue)
	}
	return err
}

// Take takes up to ten messages out of a queue.
func (b *Broker) Take(ctx context.Context, queue string) ([]string, error) {
	var answer []struct {
		Payload string `json:"payload"`
	}
	err := b.call(ctx, http.MethodPost, "/queues/%2F/"+queue+"/get", map[string]any{
		"count": 10, "ackmode": "ack_requeue_false", "encoding": "auto",
	}, &answer)
	var messages []string
	for _, m := range answer {
		messages = append(messages, m.Payload)
	}
	return messages, err
}

func (b *Broker) call(ctx context.Context, method, path string, body, into any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, b.base+path, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	request.SetBasicAuth(b.user, b.password)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s %s: reading the answer: %w", method, path, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %s: %.200s", method, path, response.Status, answer)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("%s %s: decoding the answer: %w", method, path, err)
	}
	return nil
}
