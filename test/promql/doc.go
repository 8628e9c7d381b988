// Package promql proves the queries of the dashboards with Prometheus' own parser. It is a module of its own, so that the
// operator's go.mod stays clean.
package promql
