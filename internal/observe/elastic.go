package observe

import (
	"context"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/eck"
)

// elastic reads what ECK runs for the platform, under the platform's name.
func (r *Reader) elastic(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	var err error
	if f.Elasticsearch, err = read(ctx, r, c, f, eck.ElasticsearchKind, c.Name, &eck.Elasticsearch{}); err != nil {
		return err
	}
	f.Kibana, err = read(ctx, r, c, f, eck.KibanaKind, c.Name, &eck.Kibana{})
	return err
}
