#!/bin/sh
# preStop hook: leave only when the queues keep their majority without this broker, then hand over clients and leaders.
# When all brokers leave, as for hibernation, nobody keeps it, and they would wait for each other. When the whole platform
# is deleted, the operator also shortens the grace of the pods, which ends this wait.

# Known to this broker until it ends, and to those that ask it.
rabbitmqctl --quiet eval 'application:set_env(rabbit, xatube_leaving, true).' >/dev/null

# Prints true when no broker stays that could keep a queue.
nobody_stays() {
    rabbitmqctl --quiet eval '[N || N <- rabbit_nodes:list_running(), N =/= node(),
        erpc:call(N, application, get_env, [rabbit, xatube_leaving], 5000) =/= {ok, true}] =:= [].'
}

for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
    [ "$(nobody_stays)" != true ] || break
    ! rabbitmq-upgrade --quiet await_online_quorum_plus_one --timeout 15 || break
done
rabbitmq-upgrade --quiet drain --timeout 60
