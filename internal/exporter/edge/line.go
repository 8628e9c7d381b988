package edge

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"

	"github.com/xatube/xatube-operator/internal/route"
)

// request is what nginx tells of one: `api_streams GET 200 0.012`.
type request struct {
	route, method, code string
	seconds             float64
	timed               bool
}

var errMalformed = errors.New("no line of the log of the edge")

// parse a line. Whatever a client sends, the values of the labels are some of ours.
func parse(line []byte) (request, error) {
	fields := bytes.Fields(line)
	if len(fields) != 4 {
		return request{}, errMalformed
	}
	r := request{route: string(fields[0]), method: methodClass(string(fields[1]))}
	var found bool
	if r.timed, found = route.Find(r.route); !found {
		return request{}, errMalformed
	}
	var err error
	if r.code, err = code(string(fields[2])); err != nil {
		return request{}, err
	}
	if r.seconds, err = strconv.ParseFloat(string(fields[3]), 64); err != nil || !(r.seconds >= 0) {
		return request{}, errMalformed
	}
	return r, nil
}

// Classes of methods.
const (
	methodRead  = "read"
	methodWrite = "write"
	methodOther = "other"
)

// methodClass says what a method does; a client may write any word.
func methodClass(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return methodRead
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return methodWrite
	}
	return methodOther
}

// statusClientClosed is nginx's own: the client did not wait for the answer.
const statusClientClosed = 499

// code is a status that HTTP knows, or its class: an upstream may answer any number.
func code(status string) (string, error) {
	n, err := strconv.Atoi(status)
	switch {
	case err != nil || n < 0 || n > 999:
		return "", errMalformed
	case n == statusClientClosed || http.StatusText(n) != "":
		return status, nil
	case n >= 100 && n < 600:
		return strconv.Itoa(n/100) + "xx", nil
	}
	return "other", nil
}
