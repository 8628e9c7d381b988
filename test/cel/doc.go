// Package cel proves, against a real API server, what the schema of XaTubeCluster accepts and refuses. Its last test
// compares the refusals that were seen with the constraints that the CRD declares: a constraint without a refusal,
// or a field that nothing sets, fails.
package cel
