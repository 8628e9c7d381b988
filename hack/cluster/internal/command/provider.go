package command

import "context"

// provider makes a cluster and does to it what tests ask for.
type provider interface {
	Prepare(ctx context.Context) error
	Up(ctx context.Context, nodes int) error
	Down(ctx context.Context) error
	Status(ctx context.Context) (string, error)
	InstallGatewayAPI(ctx context.Context) error
	InstallMonitoring(ctx context.Context) error

	Kubeconfig() (string, error)
	AuditLog() (string, error)

	Load(ctx context.Context, archives ...string) error
	LoadBuilt(ctx context.Context) error

	Cut(ctx context.Context, node, from string) error
	Heal(ctx context.Context, node string) error
	Kill(ctx context.Context, machine string) error
	Restore(ctx context.Context, machine string) error
	Signal(ctx context.Context, signal, pod, container, process string) error
	Exec(node string, args []string) error
	Forward(ctx context.Context, listen, target, node string, background bool) error
}
