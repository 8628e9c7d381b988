package cel

import (
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

const goodCondition = "type: Ready, status: 'True', reason: Ready, message: all is well, lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1"

const fullStatus = `
observedGeneration: 1
phase: Ready
conditions: [{` + goodCondition + `}]
endpoints: {url: 'https://tube.example.com', rtmp: 'rtmp://tube.example.com/live'}
backend: {image: a, revision: a-1, replicas: 3, updatedReplicas: 3, readyReplicas: 3, ready: 3/3, selector: a=b}
postgres:
  primary: a-1
  instances: 3
  readyInstances: 3
  lastFailover:
    {from: a-1, to: a-2, kind: Failover, startedAt: '2026-01-01T00:00:00.000000Z', completedAt: '2026-01-01T00:00:09.000000Z', seconds: '9.0'}
  promotion: {request: a-1, state: Superseded, from: a-2, message: another one is the primary}
settled: 1/a/b
operatorUpdate: {startedAt: '2026-01-01T00:00:00Z', components: [backend]}
unresolved: [{type: EdgeReady, reason: SecretNotFound, since: '2026-01-01T00:00:00Z'}]
streaming: {publishers: 3, draining: [{pod: a-rtmp-1, publishers: 2, deadline: '2026-01-01T01:00:00Z'}]}
inventory: [{apiVersion: v1, kind: Secret, name: a}]
`

// statusRefusals keep a faulty operator from writing what no reader understands.
var statusRefusals = []refusal{
	{"status.phase", "phase: Broken", "supported values: "},
	{"status.conditions", "conditions: [{" + goodCondition + "}, {" + goodCondition + "}]", "Duplicate value"},
	{"status.conditions", "conditions: [" + repeated("{type: A%d, status: 'True', reason: R, message: m, lastTransitionTime: '2026-01-01T00:00:00Z'}", 33) + "]", "must have at most 32 items"},
	{"status.conditions.type", "conditions: [{status: 'True', reason: R, message: m, lastTransitionTime: '2026-01-01T00:00:00Z'}]", "Required value"},
	{"status.conditions.status", "conditions: [{type: A, reason: R, message: m, lastTransitionTime: '2026-01-01T00:00:00Z'}]", "Required value"},
	{"status.conditions.reason", "conditions: [{type: A, status: 'True', message: m, lastTransitionTime: '2026-01-01T00:00:00Z'}]", "Required value"},
	{"status.conditions.message", "conditions: [{type: A, status: 'True', reason: R, lastTransitionTime: '2026-01-01T00:00:00Z'}]", "Required value"},
	{"status.conditions.lastTransitionTime", "conditions: [{type: A, status: 'True', reason: R, message: m}]", "Required value"},
	{"status.conditions.type", condition("type", "'a b'"), "should match"},
	{"status.conditions.type", condition("type", xs(317)), "may not be more than 316 bytes"},
	{"status.conditions.status", condition("status", "Maybe"), "supported values: "},
	{"status.conditions.reason", condition("reason", "'a b'"), "should match"},
	{"status.conditions.reason", condition("reason", "''"), "should be at least 1 chars long"},
	{"status.conditions.reason", condition("reason", xs(1025)), "may not be more than 1024 bytes"},
	{"status.conditions.message", condition("message", xs(32769)), "may not be more than 32768 bytes"},
	{"status.conditions.observedGeneration", condition("observedGeneration", "-1"), "should be greater than or equal to 0"},
	{"status.postgres.lastFailover.from", "postgres: {lastFailover: {startedAt: '2026-01-01T00:00:00.000000Z'}}", "Required value"},
	{"status.postgres.lastFailover.startedAt", "postgres: {lastFailover: {from: a}}", "Required value"},
	{"status.settled", "settled: " + xs(129), "may not be more than 128 bytes"},
	{"status.postgres.lastFailover.kind", "postgres: {lastFailover: {from: a, kind: Coup, startedAt: '2026-01-01T00:00:00.000000Z'}}", "supported values: "},
	{"status.postgres.promotion.request", "postgres: {promotion: {state: Refused}}", "Required value"},
	{"status.postgres.promotion.state", "postgres: {promotion: {request: a}}", "Required value"},
	{"status.postgres.promotion.state", "postgres: {promotion: {request: a, state: Maybe}}", "supported values: "},
	{"status.streaming.draining", "streaming: {draining: [" + repeated("{pod: a-%d, deadline: '2026-01-01T01:00:00Z'}", 33) + "]}", "must have at most 32 items"},
	{"status.streaming.draining", "streaming: {draining: [{pod: a, deadline: '2026-01-01T01:00:00Z'}, {pod: a, deadline: '2026-01-01T01:00:00Z'}]}", "Duplicate value"},
	{"status.streaming.draining.pod", "streaming: {draining: [{deadline: '2026-01-01T01:00:00Z'}]}", "Required value"},
	{"status.streaming.draining.deadline", "streaming: {draining: [{pod: a}]}", "Required value"},
	{"status.operatorUpdate.startedAt", "operatorUpdate: {components: [a]}", "Required value"},
	{"status.operatorUpdate.components", update(repeated("a%d", 33)), "must have at most 32 items"},
	{"status.operatorUpdate.components", update("a, a"), "Duplicate value"},
	{"status.operatorUpdate.components", update(xs(64)), "may not be more than 63 bytes"},
	{"status.unresolved", "unresolved: [" + repeated("{type: A%d, reason: R, since: '2026-01-01T00:00:00Z'}", 33) + "]", "must have at most 32 items"},
	{"status.unresolved", "unresolved: [" + repeated("{type: A, reason: R, since: '2026-01-01T00:00:0%dZ'}", 2) + "]", "Duplicate value"},
	{"status.unresolved.type", "unresolved: [{reason: R, since: '2026-01-01T00:00:00Z'}]", "Required value"},
	{"status.unresolved.reason", "unresolved: [{type: A, since: '2026-01-01T00:00:00Z'}]", "Required value"},
	{"status.unresolved.since", "unresolved: [{type: A, reason: R}]", "Required value"},
	{"status.unresolved.type", "unresolved: [{type: " + xs(64) + ", reason: R, since: '2026-01-01T00:00:00Z'}]", "may not be more than 63 bytes"},
	{"status.unresolved.reason", "unresolved: [{type: A, reason: " + xs(64) + ", since: '2026-01-01T00:00:00Z'}]", "may not be more than 63 bytes"},
	{"status.inventory", "inventory: [" + repeated("{apiVersion: v1, kind: Secret, name: a%d}", 257) + "]", "must have at most 256 items"},
	{"status.inventory.apiVersion", "inventory: [{kind: Secret, name: a}]", "Required value"},
	{"status.inventory.kind", "inventory: [{apiVersion: v1, name: a}]", "Required value"},
	{"status.inventory.name", "inventory: [{apiVersion: v1, kind: Secret}]", "Required value"},
}

// update is a status with an update of the operator under way.
func update(components string) string {
	return "operatorUpdate: {startedAt: '2026-01-01T00:00:00Z', components: [" + components + "]}"
}

// condition is a status with one condition, good but for one field.
func condition(field, value string) string {
	fields := map[string]string{
		"type": "A", "status": "'True'", "reason": "R", "message": "m", "lastTransitionTime": "'2026-01-01T00:00:00Z'",
	}
	fields[field] = value
	var text []string
	for k, v := range fields {
		text = append(text, k+": "+v)
	}
	return "conditions: [{" + strings.Join(text, ", ") + "}]"
}

func status(t *testing.T) {
	platform := stored(t, map[string]any{})
	write := func(text string) error {
		u := platform.DeepCopy()
		u.Object["status"] = spec(t, text)
		return tried.record(api.Status().Update(t.Context(), u, &client.SubResourceUpdateOptions{
			UpdateOptions: client.UpdateOptions{DryRun: []string{"All"}},
		}), u, nil)
	}
	if err := write(fullStatus); err != nil {
		t.Errorf("a full status is refused: %v", err)
	}
	for _, r := range statusRefusals {
		t.Run(r.field+" "+r.says, func(t *testing.T) { expect(t, write(r.spec), r.field, r.says) })
	}
}
