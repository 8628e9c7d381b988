package scene

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/rest"
	k8sevents "k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	"github.com/xatube/xatube-operator/internal/controller"
)

// NewReconciler wires the reconciler of platforms as the operator does, without caches and watches: its passes are called
// one by one, and it reads and writes through what open returns.
func NewReconciler(cfg *rest.Config, mapper meta.RESTMapper, open func(*rest.Config, client.Options) (client.Client, error)) (*controller.Reconciler, error) {
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme:         controller.NewScheme(),
		MapperProvider: func(*rest.Config, *http.Client) (meta.RESTMapper, error) { return mapper, nil },
		NewClient: func(cfg *rest.Config, o client.Options) (client.Client, error) {
			o.Cache = nil
			return open(cfg, o)
		},
		Metrics:    server.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	if err != nil {
		return nil, fmt.Errorf("making a manager: %w", err)
	}
	idle := &idleManager{Manager: mgr}
	err = controller.Setup(idle, controller.Config{ClusterDomain: "cluster.local", Image: "example.com/xatube-operator:1", Concurrency: 1})
	if err != nil {
		return nil, fmt.Errorf("setting up the operator: %w", err)
	}
	if idle.reconciler == nil {
		return nil, errors.New("no controller of platforms was set up")
	}
	return idle.reconciler, nil
}

// idleManager is never started: it only picks the reconciler out of what is set up, wired as in the operator.
type idleManager struct {
	ctrl.Manager
	reconciler *controller.Reconciler
}

// Add finds the controller of platforms. controller-runtime exports its reconciler in a field, but not the type.
func (m *idleManager) Add(r manager.Runnable) error {
	if v := reflect.Indirect(reflect.ValueOf(r)); v.Kind() == reflect.Struct {
		if do := v.FieldByName("Do"); do.IsValid() {
			if found, ok := reflect.TypeAssert[*controller.Reconciler](do); ok {
				m.reconciler = found
			}
		}
	}
	return nil
}

func (m *idleManager) GetCache() cache.Cache { return uncached{m.Manager.GetCache(), m.GetClient()} }

func (m *idleManager) GetAPIReader() client.Reader { return m.GetClient() }

// GetEventRecorder tells nobody of events.
func (m *idleManager) GetEventRecorder(string) recorder.EventRecorder {
	return &k8sevents.FakeRecorder{}
}

// uncached reads what is.
type uncached struct {
	cache.Cache
	live client.Reader
}

func (u uncached) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	return u.live.Get(ctx, key, o, opts...)
}

func (u uncached) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	return u.live.List(ctx, list, opts...)
}
