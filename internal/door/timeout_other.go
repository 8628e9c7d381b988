//go:build !linux

package door

import "syscall"

// setUserTimeout leaves the socket as it is: TCP_USER_TIMEOUT is Linux's.
func setUserTimeout(_, _ string, _ syscall.RawConn) error { return nil }
