package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

func TestATargetOutsideTheRangesIsRefusedBeforeAnythingIsSent(t *testing.T) {
	for name, arguments := range map[string][]string{
		"address of the URL":    {"--target", "1 GET http://192.0.2.1/"},
		"address given":         {"--resolve", "www.example:192.0.2.1", "--target", "1 GET http://www.example/"},
		"second of two targets": {"--target", "1 GET http://127.0.0.1/", "--target", "1 GET http://192.0.2.1/"},
		"IPv4 written as IPv6":  {"--target", "1 GET http://[::ffff:192.0.2.1]/"},
		"outside what is given": {"--within", "10.0.0.0/8", "--target", "1 GET http://127.0.0.1/"},
	} {
		_, err := run(parsed(t, arguments...), bufio.NewWriter(io.Discard), nil)
		if err == nil || !strings.Contains(err.Error(), "is not within") || !strings.Contains(err.Error(), "--within allows more") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEachConnectionIsChecked(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	o := parsed(t, "--new-connections", "--target", "1 GET "+server.URL)
	client, err := newClient(o)
	if err != nil {
		t.Fatal(err)
	}
	get := func() error {
		answer, err := client.Get(server.URL)
		if err == nil {
			answer.Body.Close()
		}
		return err
	}
	if err := get(); err != nil {
		t.Fatal(err)
	}
	// What was right when the name was looked up is not right any more.
	o.within = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	if err := get(); err == nil || !strings.Contains(err.Error(), "is not within") {
		t.Errorf("a connection outside the ranges was made: %v", err)
	}
	if asked.Load() != 1 {
		t.Errorf("the server was asked %d times", asked.Load())
	}
}

func TestRangesAreThoseThatAreGivenOrElseLoopbackAndTheLab(t *testing.T) {
	standard := parsed(t, "--target", "1 GET http://127.0.0.1/")
	for _, address := range []string{"127.0.0.1", "::1", "198.51.100.41"} {
		if err := standard.outsideText(address); err != nil {
			t.Error(err)
		}
	}
	given := parsed(t, "--within", "10.20.2.254/32", "--within", "198.51.100.0/24", "--target", "1 GET http://127.0.0.1/")
	for address, allowed := range map[string]bool{"10.20.2.254": true, "198.51.100.41": true, "127.0.0.1": false, "10.20.2.253": false} {
		if err := given.outsideText(address); (err == nil) != allowed {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, wrong := range []string{"198.51.100.0", "198.51.100.1/24", "everywhere"} {
		_, err := parse([]string{"--rate", "5", "--duration", "1s", "--within", wrong, "--target", "1 GET http://127.0.0.1/"}, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "198.51.100.0/24") {
			t.Errorf("--within %s: %v", wrong, err)
		}
	}
}
