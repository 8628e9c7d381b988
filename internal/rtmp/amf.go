package rtmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Markers of AMF0.
const (
	amfNumber     = 0
	amfBoolean    = 1
	amfString     = 2
	amfObject     = 3
	amfNull       = 5
	amfUndefined  = 6
	amfArray      = 8
	amfEnd        = 9
	amfStrict     = 10
	amfDate       = 11
	amfLongString = 12
)

// maxDepth of objects within objects.
const maxDepth = 8

var errAMF = errors.New("it is not AMF0")

// Object is an object of AMF0. The order of its properties means nothing.
type Object map[string]any

// Encode puts values one after the other: string, float64, bool, Object, or nil.
func Encode(values ...any) []byte {
	var out []byte
	for _, v := range values {
		out = appendValue(out, v)
	}
	return out
}

func appendValue(out []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		if len(v) > math.MaxUint16 {
			out = binary.BigEndian.AppendUint32(append(out, amfLongString), uint32(len(v)))
			return append(out, v...)
		}
		return appendName(append(out, amfString), v)
	case float64:
		return binary.BigEndian.AppendUint64(append(out, amfNumber), math.Float64bits(v))
	case bool:
		if v {
			return append(out, amfBoolean, 1)
		}
		return append(out, amfBoolean, 0)
	case Object:
		out = append(out, amfObject)
		for name, value := range v {
			out = appendValue(appendName(out, name), value)
		}
		return append(out, 0, 0, amfEnd)
	}
	return append(out, amfNull)
}

func appendName(out []byte, name string) []byte {
	return append(binary.BigEndian.AppendUint16(out, uint16(len(name))), name...)
}

// Decode returns the values that stand one after the other, at most as many as asked for. What has no counterpart in
// Encode is nil.
func Decode(b []byte, most int) ([]any, error) {
	d := decoder{b}
	var out []any
	for len(d.b) > 0 && len(out) < most {
		v, err := d.value(0)
		if err != nil {
			return nil, fmt.Errorf("reading a command: %w", err)
		}
		out = append(out, v)
	}
	return out, nil
}

type decoder struct{ b []byte }

func (d *decoder) take(n int) ([]byte, error) {
	if n < 0 || n > len(d.b) {
		return nil, errAMF
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out, nil
}

func (d *decoder) value(depth int) (any, error) {
	marker, err := d.take(1)
	if err != nil || depth > maxDepth {
		return nil, errAMF
	}
	switch marker[0] {
	case amfString:
		return d.text(2)
	case amfLongString:
		return d.text(4)
	case amfObject:
		return d.object(depth)
	case amfArray:
		// A count comes first that need not be right.
		if _, err := d.take(4); err != nil {
			return nil, err
		}
		return d.object(depth)
	case amfStrict:
		return nil, d.strict(depth)
	}
	return d.scalar(marker[0])
}

// scalar is a value of a fixed length.
func (d *decoder) scalar(marker byte) (any, error) {
	lengths := map[byte]int{amfNumber: 8, amfBoolean: 1, amfNull: 0, amfUndefined: 0, amfDate: 10}
	n, known := lengths[marker]
	if !known {
		return nil, errAMF
	}
	b, err := d.take(n)
	if err != nil {
		return nil, err
	}
	switch marker {
	case amfNumber:
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	case amfBoolean:
		return b[0] != 0, nil
	}
	return nil, nil
}

// text is a string after its length, of so many bytes.
func (d *decoder) text(width int) (string, error) {
	b, err := d.take(width)
	if err != nil {
		return "", err
	}
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	b, err = d.take(n)
	return string(b), err
}

func (d *decoder) object(depth int) (Object, error) {
	out := Object{}
	for {
		name, err := d.text(2)
		if err != nil {
			return nil, err
		}
		if name == "" && len(d.b) > 0 && d.b[0] == amfEnd {
			d.b = d.b[1:]
			return out, nil
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
}

// strict passes over an array whose elements have no names.
func (d *decoder) strict(depth int) error {
	b, err := d.take(4)
	if err != nil {
		return err
	}
	for range binary.BigEndian.Uint32(b) {
		if _, err := d.value(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// Command is a command, or its answer.
type Command struct {
	Name string
	// Transaction ties an answer to its question.
	Transaction float64
	// Arguments begin with the object that most commands leave null.
	Arguments []any
}

// maxArguments of a command that are read.
const maxArguments = 8

// ParseCommand reads a message of type TypeCommand.
func ParseCommand(m Message) (Command, error) {
	values, err := Decode(m.Payload, 2+maxArguments)
	if err != nil {
		return Command{}, err
	}
	if len(values) == 0 {
		return Command{}, fmt.Errorf("reading a command: %w", errAMF)
	}
	var c Command
	var named bool
	if c.Name, named = values[0].(string); !named {
		return Command{}, fmt.Errorf("reading a command: %w", errAMF)
	}
	if len(values) > 1 {
		c.Transaction, _ = values[1].(float64)
		c.Arguments = values[2:]
	}
	return c, nil
}

// Text is an argument, empty where there is none or it is no string.
func (c Command) Text(argument int) string {
	if argument >= len(c.Arguments) {
		return ""
	}
	s, _ := c.Arguments[argument].(string)
	return s
}

// Object is an argument, nil where there is none or it is no object.
func (c Command) Object(argument int) Object {
	if argument >= len(c.Arguments) {
		return nil
	}
	o, _ := c.Arguments[argument].(Object)
	return o
}

// Message carries the command on a message stream.
func (c Command) Message(stream uint32) Message {
	values := append([]any{c.Name, c.Transaction}, c.Arguments...)
	return Message{Type: TypeCommand, Stream: stream, Payload: Encode(values...)}
}

// Status tells what became of what is published.
func Status(level, code, description string) Message {
	return Command{Name: "onStatus", Arguments: []any{nil, Object{"level": level, "code": code, "description": description}}}.Message(1)
}
