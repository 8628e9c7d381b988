package v1alpha1

import "slices"

// SecretNames are the Secrets of others that the spec names, each once, sorted.
func (c *XaTubeCluster) SecretNames() []string {
	var names []string
	for _, e := range []*ExternalSpec{c.Spec.Postgres.External, c.Spec.Redis.External, c.Spec.RabbitMQ.External} {
		if e != nil {
			names = append(names, string(e.SecretRef.Name))
		}
	}
	names = append(names, c.Spec.Postgres.Backup.secretNames()...)
	names = append(names, c.logging()...)
	names = append(names, c.certificateSecretNames()...)
	if sql := c.Spec.Backend.Migration.SQLFrom; sql != nil && sql.SecretKeyRef != nil {
		names = append(names, string(sql.SecretKeyRef.Name))
	}
	for _, from := range c.Spec.Backend.EnvFrom {
		if from.SecretRef != nil {
			names = append(names, string(from.SecretRef.Name))
		}
	}
	for _, e := range c.env() {
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			names = append(names, string(e.ValueFrom.SecretKeyRef.Name))
		}
	}
	return distinct(names)
}

func (c *XaTubeCluster) certificateSecretNames() []string {
	var names []string
	if t := c.Spec.Edge.TLS; t != nil {
		names = append(names, string(t.SecretName))
	}
	if i := c.Spec.Ingress; i != nil && i.TLS != nil {
		names = append(names, string(i.TLS.SecretName))
	}
	return names
}

// ElasticsearchCASecret is where ECK keeps the certificate of the authority that signs those of the Elasticsearch.
func (c *XaTubeCluster) ElasticsearchCASecret() string { return c.Name + "-es-http-certs-public" }

func (b *BackupSpec) secretNames() []string {
	if b == nil || b.Credentials == nil {
		return nil
	}
	return []string{string(b.Credentials.AccessKeyID.Name), string(b.Credentials.SecretAccessKey.Name)}
}

// logging are the Secrets of the Elasticsearch that lines go to.
func (c *XaTubeCluster) logging() []string {
	l := c.Spec.Logging
	switch {
	case l == nil:
		return nil
	case l.Endpoint == nil:
		return []string{c.ElasticsearchCASecret()}
	}
	var names []string
	if r := l.Endpoint.SecretRef; r != nil {
		names = append(names, string(r.Name))
	}
	if r := l.Endpoint.CARef; r != nil {
		names = append(names, string(r.Name))
	}
	return names
}

// ConfigMapNames are the ConfigMaps of the user that the spec names, each once, sorted.
func (c *XaTubeCluster) ConfigMapNames() []string {
	var names []string
	if sql := c.Spec.Backend.Migration.SQLFrom; sql != nil && sql.ConfigMapKeyRef != nil {
		names = append(names, string(sql.ConfigMapKeyRef.Name))
	}
	for _, from := range c.Spec.Backend.EnvFrom {
		if from.ConfigMapRef != nil {
			names = append(names, string(from.ConfigMapRef.Name))
		}
	}
	for _, e := range c.env() {
		if e.ValueFrom != nil && e.ValueFrom.ConfigMapKeyRef != nil {
			names = append(names, string(e.ValueFrom.ConfigMapKeyRef.Name))
		}
	}
	return distinct(names)
}

func (c *XaTubeCluster) env() []EnvVar {
	s := &c.Spec
	return slices.Concat(s.Backend.Pod.Env, s.Frontend.Pod.Env, s.Edge.Pod.Env, s.Postgres.Pod.Env,
		s.Redis.Pod.Env, s.RabbitMQ.Pod.Env, s.RTMP.Pod.Env)
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
