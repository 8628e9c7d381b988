package exporter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/xatube/xatube-operator/internal/exporter"
)

const key = "a-secret-key"

// published is a stream with its publisher, and as many who play it.
func published(name string, received, sent, viewers int) string {
	return fmt.Sprintf(`<stream><name>%s</name><time>1</time><bw_in>8</bw_in><bytes_in>%d</bytes_in><bw_out>0</bw_out><bytes_out>%d</bytes_out>
<client><id>1</id><address>10.0.0.1</address><publishing/><active/></client>%s<nclients>%d</nclients><publishing/><active/></stream>`,
		name, received, sent, strings.Repeat("<client><id>2</id><active/></client>", viewers), viewers+1)
}

// waiting is a stream that somebody plays whose publisher is gone.
const waiting = `<stream><name>other</name><bytes_in>0</bytes_in><bytes_out>0</bytes_out><client><id>3</id></client><nclients>1</nclients></stream>`

func stat(streams ...string) string {
	return `<?xml version="1.0" encoding="utf-8" ?><rtmp><nginx_version>1.30.6</nginx_version><naccepted>7</naccepted><bytes_in>9</bytes_in>
<server><application><name>live</name><live>` + strings.Join(streams, "") + `<nclients>0</nclients></live></application></server></rtmp>`
}

// server answers with what it is given.
func server(t *testing.T) (answer *string, url string) {
	t.Helper()
	answer = new(string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, *answer) }))
	t.Cleanup(s.Close)
	return answer, s.URL + "/stat"
}

func TestTranslation(t *testing.T) {
	answer, url := server(t)
	*answer = stat(published(key, 5000, 300, 2), waiting)
	want := `
# HELP nginx_rtmp_connections_accepted_total Connections that nginx has accepted for RTMP.
# TYPE nginx_rtmp_connections_accepted_total counter
nginx_rtmp_connections_accepted_total 7
# HELP nginx_rtmp_publishers Connections that publish a stream.
# TYPE nginx_rtmp_publishers gauge
nginx_rtmp_publishers{application="live"} 1
# HELP nginx_rtmp_received_bytes_total Bytes of streams that publishers have sent.
# TYPE nginx_rtmp_received_bytes_total counter
nginx_rtmp_received_bytes_total{application="live"} 5000
# HELP nginx_rtmp_sent_bytes_total Bytes of streams that viewers were sent by RTMP.
# TYPE nginx_rtmp_sent_bytes_total counter
nginx_rtmp_sent_bytes_total{application="live"} 300
# HELP nginx_rtmp_streams Streams that are published, or that a viewer waits for.
# TYPE nginx_rtmp_streams gauge
nginx_rtmp_streams{application="live"} 2
# HELP nginx_rtmp_up Whether nginx answered the last question for its statistics.
# TYPE nginx_rtmp_up gauge
nginx_rtmp_up 1
# HELP nginx_rtmp_viewers Connections that play a stream by RTMP. Viewers by HLS and DASH are the edge's.
# TYPE nginx_rtmp_viewers gauge
nginx_rtmp_viewers{application="live"} 3
`
	// The whole of it is compared, so no key is in it.
	if err := testutil.CollectAndCompare(exporter.New(url), strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.CollectAndLint(exporter.New(url)); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// TestBytesOnlyGrow though nginx forgets a stream when it ends.
func TestBytesOnlyGrow(t *testing.T) {
	answer, url := server(t)
	c := exporter.New(url)
	for _, step := range []struct {
		name, answer string
		want         int
	}{
		{"published", stat(published(key, 1000, 0, 0)), 1000},
		{"goes on", stat(published(key, 1500, 0, 0)), 1500},
		{"a second one", stat(published(key, 1500, 0, 0), published("b", 20, 0, 0)), 1520},
		{"ended", stat(published("b", 20, 0, 0)), 1520},
		{"published again", stat(published(key, 400, 0, 0), published("b", 20, 0, 0)), 1920},
		{"reconnected in between", stat(published(key, 100, 0, 0)), 2020},
		{"nobody", stat(), 2020},
	} {
		*answer = step.answer
		want := fmt.Sprintf(`
# HELP nginx_rtmp_received_bytes_total Bytes of streams that publishers have sent.
# TYPE nginx_rtmp_received_bytes_total counter
nginx_rtmp_received_bytes_total{application="live"} %d
`, step.want)
		if err := testutil.CollectAndCompare(c, strings.NewReader(want), "nginx_rtmp_received_bytes_total"); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
	}
}

func TestNginxDoesNotAnswer(t *testing.T) {
	const want = `
# HELP nginx_rtmp_up Whether nginx answered the last question for its statistics.
# TYPE nginx_rtmp_up gauge
nginx_rtmp_up 0
`
	answer, url := server(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	missing := gone.URL
	t.Cleanup(gone.Close)
	for name, c := range map[string]*exporter.Collector{
		"nobody listens": exporter.New("http://127.0.0.1:1/stat"), "not found": exporter.New(missing), "half an answer": exporter.New(url),
	} {
		*answer = stat(published(key, 1, 1, 0))[:300]
		if err := testutil.CollectAndCompare(c, strings.NewReader(want)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
