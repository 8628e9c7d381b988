package promql

// metrics that dashboards and rules may ask for, by who exports them.
var metrics = []string{
	// Prometheus.
	"up", "ALERTS",
	// The operator.
	"xatube_platform_ready", "xatube_platform_phase", "xatube_component_healthy",
	"xatube_postgres_failovers_total", "xatube_postgres_last_failover_seconds", "xatube_reconcile_errors_total",
	"xatube_certificate_expiration_timestamp_seconds",
	// The backend.
	"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
	"process_start_time_seconds",
	// The exporter of the edge.
	"xatube_edge_requests_total", "xatube_edge_request_duration_seconds_bucket",
	"nginx_up", "nginx_connections_accepted", "nginx_connections_handled",
	"nginx_connections_active", "nginx_connections_writing", "nginx_connections_waiting",
	// The exporter of the RTMP servers.
	"nginx_rtmp_up", "nginx_rtmp_connections_accepted_total", "nginx_rtmp_streams", "nginx_rtmp_publishers", "nginx_rtmp_viewers",
	"nginx_rtmp_received_bytes_total", "nginx_rtmp_sent_bytes_total", "rtmp_scratch_used_bytes", "rtmp_scratch_size_bytes",
	// redis_exporter.
	"redis_up", "redis_connected_clients", "redis_memory_used_bytes", "redis_memory_max_bytes", "redis_keyspace_hits_total",
	"redis_keyspace_misses_total", "redis_evicted_keys_total", "redis_commands_processed_total",
	// RabbitMQ.
	"rabbitmq_queue_messages_ready", "rabbitmq_queue_messages_unacked", "rabbitmq_process_resident_memory_bytes",
	"rabbitmq_resident_memory_limit_bytes", "rabbitmq_alarms_memory_used_watermark",
	"rabbitmq_alarms_free_disk_space_watermark", "rabbitmq_disk_space_available_bytes",
	"rabbitmq_disk_space_available_limit_bytes",
	// CloudNativePG, and its plugin for backups.
	"cnpg_collector_up", "cnpg_xatube_rows_estimate", "cnpg_collector_last_available_backup_timestamp", "cnpg_collector_wal_bytes",
	"cnpg_pg_replication_lag", "cnpg_pg_replication_in_recovery", "cnpg_pg_replication_is_wal_receiver_up",
	"cnpg_pg_replication_streaming_replicas", "cnpg_pg_database_size_bytes", "cnpg_backends_total",
	"cnpg_backends_max_tx_duration_seconds", "cnpg_backends_waiting_total", "cnpg_pg_stat_database_xact_commit",
	"cnpg_pg_stat_database_xact_rollback", "cnpg_pg_stat_database_blks_hit", "cnpg_pg_stat_database_blks_read",
	"cnpg_pg_stat_database_tup_fetched", "cnpg_pg_stat_database_tup_inserted", "cnpg_pg_stat_database_tup_updated",
	"cnpg_pg_stat_database_tup_deleted", "cnpg_pg_stat_archiver_archived_count", "cnpg_pg_stat_archiver_failed_count",
	"barman_cloud_cloudnative_pg_io_last_available_backup_timestamp",
	// The kubelets and cAdvisor.
	"container_cpu_usage_seconds_total", "container_memory_working_set_bytes", "container_network_receive_bytes_total",
	"container_network_transmit_bytes_total", "kubelet_volume_stats_available_bytes",
	"kubelet_volume_stats_capacity_bytes",
	// node-exporter.
	"node_cpu_seconds_total", "node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes", "node_load1",
}
