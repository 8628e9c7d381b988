package drive

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// AuditLog is the apiserver's log of write requests. It holds every one, refused ones and those that changed nothing too;
// the policy of the ground leaves out leases, by which a leader shows that it lives, and what Kubernetes itself writes.
type AuditLog struct {
	path string
}

// OpenAuditLog reads the log at a path.
func OpenAuditLog(path string) AuditLog { return AuditLog{path: path} }

// Mark is a moment in the log.
type Mark int64

// Write is one write request.
type Write struct {
	At        time.Time
	User      string
	Verb      string
	Resource  string // with the subresource: pods/eviction
	Namespace string
	Name      string
	Code      int
}

// String is for the message of a test.
func (w Write) String() string {
	return fmt.Sprintf("%s %s %s %s/%s -> %d", w.At.Format(time.TimeOnly), w.Verb, w.Resource, w.Namespace, w.Name, w.Code)
}

// auditEvent is the part of an audit.k8s.io/v1 Event that is read.
type auditEvent struct {
	Stage string `json:"stage"`
	Verb  string `json:"verb"`
	User  struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	RequestReceivedTimestamp time.Time `json:"requestReceivedTimestamp"`
}

// Mark is now. The apiserver writes its log before it answers, so all that was answered lies before the mark.
func (l AuditLog) Mark() (Mark, error) {
	info, err := os.Stat(l.path)
	if err != nil {
		return 0, fmt.Errorf("reading the audit log: %w", err)
	}
	return Mark(info.Size()), nil
}

// Since lists the writes since a mark that match.
func (l AuditLog) Since(mark Mark, match func(Write) bool) ([]Write, error) {
	file, err := os.Open(l.path)
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	if info.Size() < int64(mark) {
		return nil, fmt.Errorf("reading the audit log: it was rotated since %d", mark)
	}
	if _, err := file.Seek(int64(mark), io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	return readWrites(file, match)
}

func readWrites(r io.Reader, match func(Write) bool) ([]Write, error) {
	var writes []Write
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF { // an unfinished line is of a request that has not been answered
			return writes, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		var e auditEvent
		if err := json.Unmarshal(bytes.TrimSpace(line), &e); err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		if w := e.write(); e.Stage == "ResponseComplete" && match(w) {
			writes = append(writes, w)
		}
	}
}

func (e auditEvent) write() Write {
	resource := e.ObjectRef.Resource
	if e.ObjectRef.Subresource != "" {
		resource += "/" + e.ObjectRef.Subresource
	}
	return Write{
		At: e.RequestReceivedTimestamp, User: e.User.Username, Verb: e.Verb, Resource: resource,
		Namespace: e.ObjectRef.Namespace, Name: e.ObjectRef.Name, Code: e.ResponseStatus.Code,
	}
}
