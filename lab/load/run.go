package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// run sends what the options plan and writes a record of each request.
func run(o *options, out *bufio.Writer, stop <-chan os.Signal) (counts, error) {
	client, err := newClient(o)
	if err != nil {
		return counts{}, err
	}
	attacker := vegeta.NewAttacker(vegeta.Client(client), vegeta.MaxWorkers(o.workers), vegeta.MaxBody(bodyLimit), vegeta.Redirects(vegeta.NoFollow))
	pacer := newPoisson(o)
	ended := make(chan struct{})
	defer close(ended)
	stopped := make(chan time.Duration, 1)
	go func() {
		select {
		case <-stop:
			// What is late is still sent, as at the plan's own end; what vegeta waits for comes after the end.
			stopped <- pacer.finish()
			for end := time.Now().Add(o.timeout); pacer.due() && time.Now().Before(end); {
				time.Sleep(time.Millisecond)
			}
			attacker.Stop()
		case <-ended:
		}
	}()

	count := counts{seed: o.seed}
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	flushed := time.Now()
	// No duration for vegeta: the pacer's plan ends by itself, and what is late at its end is still sent.
	for result := range attacker.Attack(newChooser(o).next, pacer, 0, "") {
		count.sent++
		if result.Code == 0 {
			count.unanswered++
		}
		if err := lines.Encode(recordOf(result, pacer.take(result.Seq))); err != nil {
			return count, err
		}
		// A reader of the file lags by a second at most.
		if time.Since(flushed) > time.Second {
			flushed = time.Now()
			if err := out.Flush(); err != nil {
				return count, err
			}
		}
	}
	count.seconds = pacer.elapsed().Seconds()
	end := o.duration
	select {
	case at := <-stopped:
		end = min(end, at)
	default:
	}
	err = writeUnsent(pacer, count.sent, end, lines, &count)
	return count, err
}

// writeUnsent records the requests that were planned before the end and never sent.
func writeUnsent(pacer *poisson, sent uint64, end time.Duration, lines *json.Encoder, count *counts) error {
	for number := sent; ; number++ {
		planned := pacer.take(number)
		if planned.Sub(pacer.began) >= end {
			return nil
		}
		count.unsent++
		if err := lines.Encode(unsent(planned, time.Since(planned))); err != nil {
			return err
		}
	}
}

func newClient(o *options) (*http.Client, error) {
	addresses, err := lookUp(o)
	if err != nil {
		return nil, err
	}
	dialers := o.dialers()
	var dialed atomic.Uint64
	return &http.Client{Timeout: o.timeout, Transport: &http.Transport{
		// No Proxy: what is asked is what is measured, whatever the environment says.
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			dialer := dialers[dialed.Add(1)%uint64(len(dialers))]
			return dialer.DialContext(ctx, network, net.JoinHostPort(addresses[host], port))
		},
		DisableKeepAlives:   o.newConnections,
		DisableCompression:  true,
		MaxIdleConnsPerHost: int(o.workers),
		IdleConnTimeout:     90 * time.Second,
	}}, nil
}

// dialers has one for each address from where connections come.
func (o *options) dialers() []*net.Dialer {
	if len(o.from) == 0 {
		return []*net.Dialer{{Timeout: o.timeout, Control: o.control}}
	}
	var made []*net.Dialer
	for _, address := range o.from {
		made = append(made, &net.Dialer{Timeout: o.timeout, Control: o.control, LocalAddr: &net.TCPAddr{IP: address}})
	}
	return made
}

// lookUp finds each host's address once: a look-up per connection would measure the resolver too.
func lookUp(o *options) (map[string]string, error) {
	addresses := map[string]string{}
	for _, one := range o.targets {
		parsed, err := url.Parse(one.url)
		if err != nil {
			return nil, err
		}
		host := parsed.Hostname()
		if addresses[host] != "" {
			continue
		}
		if given := o.resolve[host]; given != "" {
			if err := o.outsideText(given); err != nil {
				return nil, fmt.Errorf("%s: %w", host, err)
			}
			addresses[host] = given
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		found, err := net.DefaultResolver.LookupHost(ctx, host)
		cancel()
		if err != nil {
			return nil, fmt.Errorf("%s: %w (--resolve gives an address)", host, err)
		}
		if err := o.outsideText(found[0]); err != nil {
			return nil, fmt.Errorf("%s: %w", host, err)
		}
		addresses[host] = found[0]
	}
	return addresses, nil
}
