package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func records(t *testing.T, o *options, stop <-chan os.Signal) ([]record, counts) {
	t.Helper()
	var out bytes.Buffer
	buffered := bufio.NewWriter(&out)
	count, err := run(o, buffered, stop)
	if err != nil {
		t.Fatal(err)
	}
	buffered.Flush()
	var made []record
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		var one record
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		made = append(made, one)
	}
	return made, count
}

func TestEachRequestIsRecordedWithWhatItsAnswerSays(t *testing.T) {
	texts := sync.Map{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			var body struct{ Text string }
			_ = json.NewDecoder(r.Body).Decode(&body)
			if _, twice := texts.LoadOrStore(body.Text, true); twice {
				t.Errorf("%s came twice", body.Text)
			}
			w.WriteHeader(503)
			fmt.Fprint(w, `{"machine":"front1","error":"no database"}`)
			return
		}
		fmt.Fprintf(w, `{"service":"front","machine":"front1","passed":["proxy1","front1"],"back":%q}`, bytes.Repeat([]byte("x"), 2*bodyLimit))
	}))
	defer server.Close()
	made, count := records(t, parsed(t, "--target", "1 GET "+server.URL, "--target", `1 POST `+server.URL+` {"text":"{{id}}"}`), nil)
	if len(made) < 60 || count.sent != uint64(len(made)) || count.unanswered != 0 || count.unsent != 0 {
		t.Fatalf("%d records, %+v", len(made), count)
	}
	for _, one := range made {
		switch {
		case one.Sent < one.Planned || one.Latency <= 0 || one.Machine != "front1":
			t.Errorf("%+v", one)
		case one.Method == "GET" && (one.Status != 200 || len(one.Passed) != 2 || one.ID != "" || one.Text != ""):
			t.Errorf("%+v", one)
		case one.Method == "POST" && (one.Status != 503 || one.Text == ""):
			t.Errorf("%+v", one)
		}
		if _, came := texts.Load(one.ID); one.Method == "POST" && !came {
			t.Errorf("%s is recorded and did not come", one.ID)
		}
	}
}

func TestAServerThatStandsStillHidesNothing(t *testing.T) {
	var stalled atomic.Bool
	wait := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if stalled.Load() {
			<-wait
		}
	}))
	defer server.Close()
	time.AfterFunc(300*time.Millisecond, func() { stalled.Store(true) })
	time.AfterFunc(700*time.Millisecond, func() { stalled.Store(false); close(wait) })
	// With two workers nothing can be sent while the server stands still; the requests wait, and that is their latency.
	made, count := records(t, parsed(t, "--rate", "200", "--workers", "2", "--target", "1 GET "+server.URL), nil)
	late := 0
	for _, one := range made {
		if one.Latency > 100 {
			late++
		}
	}
	if late < 40 || late > 100 || count.unsent != 0 {
		t.Errorf("%d of %d requests were late, planned in 0.3 s at 200 a second; %+v", late, len(made), count)
	}
}

func TestWhatCannotBeSentInTimeIsRecordedAsNotSent(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	made, count := records(t, parsed(t, "--workers", "1", "--timeout", "200ms", "--target", "1 GET "+server.URL), nil)
	if count.sent < 3 || count.sent > 10 || count.unanswered != count.sent || count.unsent < 60 {
		t.Fatalf("%+v", count)
	}
	if uint64(len(made)) != count.sent+count.unsent {
		t.Errorf("%d records of %+v", len(made), count)
	}
	if first, last := made[0], made[len(made)-1]; first.Error == "" || first.Sent == 0 || first.Method != "GET" || last.Sent != 0 || last.Status != 0 {
		t.Errorf("%+v, %+v", first, last)
	}
}

func TestARefusedConnectionIsAnErrorWithoutTheRequestInIt(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	made, _ := records(t, parsed(t, "--rate", "20", "--target", "1 POST "+server.URL+" a={{id}}"), nil)
	if got := made[0].Error; len(got) < 10 || got[:8] != "dial tcp" {
		t.Errorf("error %q", got)
	}
}

func TestNewConnectionsAreNewAndOthersAreKept(t *testing.T) {
	connections := func(more ...string) (int64, int) {
		var opened atomic.Int64
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				opened.Add(1)
			}
		}
		server.Start()
		defer server.Close()
		made, _ := records(t, parsed(t, append(more, "--target", "1 GET "+server.URL)...), nil)
		return opened.Load(), len(made)
	}
	if opened, requests := connections("--new-connections"); opened != int64(requests) {
		t.Errorf("%d connections for %d requests", opened, requests)
	}
	if opened, requests := connections(); opened > int64(requests)/2 {
		t.Errorf("%d connections for %d requests", opened, requests)
	}
}

func TestASignalEndsTheRunAndWhatIsUnderWayIsWaitedFor(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(100 * time.Millisecond) }))
	defer server.Close()
	stop := make(chan os.Signal, 1)
	time.AfterFunc(300*time.Millisecond, func() { stop <- syscall.SIGTERM })
	made, count := records(t, parsed(t, "--duration", "1h", "--target", "1 GET "+server.URL), stop)
	if count.seconds > 2 || len(made) < 10 || count.unanswered != 0 || count.unsent != 0 {
		t.Errorf("%d records, %+v", len(made), count)
	}
}

func TestWhatIsLateWhenTheSignalComesIsStillSent(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(20 * time.Millisecond) }))
	defer server.Close()
	stop := make(chan os.Signal, 1)
	time.AfterFunc(300*time.Millisecond, func() { stop <- syscall.SIGTERM })
	made, count := records(t, parsed(t, "--duration", "1h", "--workers", "1", "--seed", "1", "--target", "1 GET "+server.URL), stop)
	if count.seconds > 3 || len(made) < 20 || count.unsent != 0 {
		t.Errorf("%d records, %+v", len(made), count)
	}
}

func TestAHostIsReachedAtTheAddressThatWasGiven(t *testing.T) {
	var host atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { host.Store(r.Host) }))
	defer server.Close()
	port := server.Listener.Addr().String()[len("127.0.0.1"):]
	made, _ := records(t, parsed(t, "--rate", "20", "--resolve", "www.dev.example:127.0.0.1", "--target", "1 GET http://www.dev.example"+port+"/"), nil)
	if made[0].Status != 200 || host.Load() != "www.dev.example"+port {
		t.Errorf("%+v for host %v", made[0], host.Load())
	}
	if _, err := run(parsed(t, "--target", "1 GET http://nobody.invalid/"), bufio.NewWriter(io.Discard), nil); err == nil {
		t.Error("a host without an address is no error")
	}
}
