// Package catalog is the ordered list of what a platform is made of.
package catalog

import (
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/backend"
	"github.com/xatube/xatube-operator/internal/component/backup"
	"github.com/xatube/xatube-operator/internal/component/credentials"
	"github.com/xatube/xatube-operator/internal/component/edge"
	"github.com/xatube/xatube-operator/internal/component/frontend"
	"github.com/xatube/xatube-operator/internal/component/logging"
	"github.com/xatube/xatube-operator/internal/component/migration"
	"github.com/xatube/xatube-operator/internal/component/monitoring"
	"github.com/xatube/xatube-operator/internal/component/network"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/component/rabbitmq"
	"github.com/xatube/xatube-operator/internal/component/redis"
	"github.com/xatube/xatube-operator/internal/component/routes"
	"github.com/xatube/xatube-operator/internal/component/rtmp"
)

// Components in the order in which they are applied and reported: the data first, for it takes longest, and before
// it where its backups go, for it is made with that.
func Components() []component.Component {
	return []component.Component{
		backup.New(),
		postgres.New(),
		redis.New(),
		rabbitmq.New(),
		credentials.New(),
		migration.New(),
		backend.New(),
		frontend.New(),
		edge.New(),
		rtmp.New(),
		routes.New(),
		monitoring.New(),
		logging.New(),
		network.New(),
	}
}
