package backend

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const (
	// chatsPerWorker leaves six of upstream's 30 database connections of a process to everybody else.
	chatsPerWorker int32 = 24

	fileChat         = "chat.conf"
	volumeChat       = "chat"
	volumeChatConfig = "chat-config"
	chatFolder       = "/run/chat"
	chatConfigFolder = "/etc/nginx/chat"
)

//go:embed file/chat.conf.tmpl
var chatTemplate string

var chatParsed = template.Must(template.New(fileChat).Option("missingkey=error").Parse(chatTemplate))

// maxChats is how many chats a pod takes.
func maxChats(spec v1alpha1.BackendSpec) int32 {
	if n := spec.Chat.MaxConnections; n != nil {
		return *n
	}
	return chatsPerWorker * max(spec.Workers, 1)
}

func chatConfiguration(spec v1alpha1.BackendSpec) (string, error) {
	var text strings.Builder
	err := chatParsed.Execute(&text, map[string]any{
		"Port": naming.ChatPort, "Server": naming.BackendPort, "Max": maxChats(spec), "Folder": chatFolder,
	})
	if err != nil {
		return "", fmt.Errorf("rendering %s: %w", fileChat, err)
	}
	return text.String(), nil
}

// chatDoor stands before the chats of its pod and lets no more in than the application can bear. Only there is the number
// exact: each edge pod knows its own visitors alone. It starts before the server and ends after it.
func chatDoor(in component.Input) *corev1ac.ContainerApplyConfiguration {
	image := naming.Image(in.Cluster, in.Cluster.Spec.Edge.Image, naming.ImageNginx)
	return workload.Container(in, naming.PortChat, image,
		"nginx", "-c", chatConfigFolder+"/"+fileChat, "-e", "stderr", "-g", "daemon off;").
		WithRestartPolicy(corev1.ContainerRestartPolicyAlways).
		WithPorts(workload.Port(naming.PortChat, naming.ChatPort)).
		WithResources(workload.Requests("10m", "16Mi")).
		WithVolumeMounts(
			workload.Mount(volumeChatConfig, chatConfigFolder).WithReadOnly(true),
			workload.Mount(volumeChat, chatFolder))
}

// chatPort of the Service. By number: not every release of Kubernetes finds the ports of such a container by their names.
func chatPort() *corev1ac.ServicePortApplyConfiguration {
	return workload.ServicePort(naming.PortChat, naming.ChatPort).WithTargetPort(intstr.FromInt32(naming.ChatPort))
}
