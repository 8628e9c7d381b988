package rabbitmq

import (
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// headlessService gives each broker its name. Peers find each other before they are ready.
func headlessService(in component.Input) component.Object {
	s := workload.HeadlessService(in, naming.RabbitMQ,
		workload.ServicePort(naming.PortEPMD, naming.EPMDPort),
		workload.ServicePort(naming.PortErlang, naming.ErlangPort))
	s.Spec.WithPublishNotReadyAddresses(true)
	return s
}

// service is for clients, people and Prometheus.
func service(in component.Input) component.Object {
	return workload.Service(in, naming.Child(in.Cluster, naming.RabbitMQ), naming.RabbitMQ,
		workload.ServicePort(naming.PortAMQP, naming.AMQPPort),
		workload.ServicePort(naming.PortAdmin, naming.RabbitMQAdminPort),
		workload.ServicePort(naming.PortMetrics, naming.RabbitMQMetrics))
}
