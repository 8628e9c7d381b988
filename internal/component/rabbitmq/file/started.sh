#!/bin/sh
# Startup probe: the broker serves clients and its cluster is complete; then what its release can do is switched on.
set -eu

# Listens on 5672, in hexadecimal, in state LISTEN: the last step of the start. Asking the kernel costs nothing, while
# each call of RabbitMQ's tools starts an Erlang machine that would compete with the one that starts here.
grep -qs ':1628 [0:]* 0A' /proc/net/tcp /proc/net/tcp6

# Counts the members of the cluster, not those that are up, so it passes while another broker is down.
# 64: a release that does not know the check.
rabbitmq-diagnostics --quiet has_reached_target_cluster_size || test $? -eq 64

# A new release keeps its new features off until all brokers run it. During an upgrade this fails on every
# broker but the last one, whose success counts for all; the next release may demand them.
rabbitmqctl --quiet --timeout 30 enable_feature_flag all || true
