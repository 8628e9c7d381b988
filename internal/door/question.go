package door

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// protocol 3.0 of PostgreSQL.
	protocol = 3 << 16
	// mostOfAnswer bounds what is read of a refusal.
	mostOfAnswer = 8 << 10
	// classIntervention is what a server says that is starting or stopping: 57P01 to 57P03.
	classIntervention = "57P"
)

// startup is the first message of a session. The user need not exist: whether a server takes sessions is said before.
var startup = func() []byte {
	content := []byte("user\x00xatube\x00database\x00xatube\x00\x00")
	message := binary.BigEndian.AppendUint32(nil, uint32(8+len(content)))
	message = binary.BigEndian.AppendUint32(message, protocol)
	return append(message, content...)
}()

var errSilent = errors.New("the database does not answer")

// ask whether the database takes sessions. Anything but a refusal for now is a yes: what else is wrong, the client is to see.
func (d *Door) ask(ctx context.Context) error {
	conn, err := d.dialer.DialContext(ctx, "tcp", d.cfg.Upstream)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(d.cfg.Timeout)); err != nil {
		return fmt.Errorf("asking the database: %w", err)
	}
	if _, err := conn.Write(startup); err != nil {
		return fmt.Errorf("asking the database: %w", err)
	}
	r := bufio.NewReader(io.LimitReader(conn, mostOfAnswer))
	kind, err := r.ReadByte()
	if err != nil {
		return errors.Join(errSilent, err)
	}
	if kind != 'E' {
		return nil
	}
	code, message := readRefusal(r)
	if len(code) == 5 && code[:3] == classIntervention {
		return fmt.Errorf("the database answers %s: %s", code, message)
	}
	return nil
}

// readRefusal reads the SQLSTATE and the text of an ErrorResponse; empty where there is none.
func readRefusal(r *bufio.Reader) (code, message string) {
	if _, err := r.Discard(4); err != nil {
		return "", ""
	}
	for {
		field, err := r.ReadByte()
		if err != nil || field == 0 {
			return code, message
		}
		value, err := r.ReadString(0)
		if err != nil {
			return code, message
		}
		switch value = value[:len(value)-1]; field {
		case 'C':
			code = value
		case 'M':
			message = value
		}
	}
}
