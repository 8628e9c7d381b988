#!/bin/sh
# preStop hook: leave only when the queues keep their majority without this broker, then hand over clients and
# leaders. When the whole platform is deleted, the operator shortens the grace of the pods, which ends this wait.
rabbitmq-upgrade --quiet await_online_quorum_plus_one --timeout 180
rabbitmq-upgrade --quiet drain --timeout 60
