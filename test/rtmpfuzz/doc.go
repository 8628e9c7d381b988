// Package rtmpfuzz attacks the entry of the ingest: the gate, and behind it a real nginx with the rendered configuration.
// A victim publishes throughout, and nothing that others send may disturb it.
package rtmpfuzz
