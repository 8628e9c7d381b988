package door

import (
	"fmt"
	"syscall"
	"time"
)

const (
	// userTimeout is for how long what was sent may stay unacknowledged. With the keepalives it bounds, as libpq's parameters
	// in DATABASE_URL do where there is no door, how long a session hangs whose server's node is gone.
	userTimeout = 4 * time.Second
	// tcpUserTimeout is TCP_USER_TIMEOUT, which package syscall does not name.
	tcpUserTimeout = 18
)

// setUserTimeout of a socket.
func setUserTimeout(_, _ string, conn syscall.RawConn) error {
	var failure error
	err := conn.Control(func(socket uintptr) {
		failure = syscall.SetsockoptInt(int(socket), syscall.IPPROTO_TCP, tcpUserTimeout, int(userTimeout.Milliseconds()))
	})
	if err == nil {
		err = failure
	}
	if err != nil {
		return fmt.Errorf("setting TCP_USER_TIMEOUT: %w", err)
	}
	return nil
}
