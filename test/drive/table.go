package drive

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// Columns are what kubectl get shows of a platform, by the name of the column.
func (c *Client) Columns(ctx context.Context, platform types.NamespacedName) (map[string]string, error) {
	table := &metav1.Table{}
	err := c.Clientset.CoreV1().RESTClient().Get().
		AbsPath("/apis", v1alpha1.GroupVersion.Group, v1alpha1.GroupVersion.Version, "namespaces", platform.Namespace, "xatubeclusters", platform.Name).
		SetHeader("Accept", "application/json;as=Table;g=meta.k8s.io;v=v1").
		Do(ctx).Into(table)
	if err != nil {
		return nil, fmt.Errorf("reading XaTubeCluster %s as a table: %w", platform, err)
	}
	if len(table.Rows) != 1 {
		return nil, fmt.Errorf("reading XaTubeCluster %s as a table: %d rows", platform, len(table.Rows))
	}
	columns := map[string]string{}
	for i, d := range table.ColumnDefinitions {
		columns[d.Name] = fmt.Sprint(table.Rows[0].Cells[i])
	}
	return columns, nil
}
