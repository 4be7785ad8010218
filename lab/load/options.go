package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"
)

const usage = `usage: load --rate R --duration D --target 'WEIGHT METHOD URL [BODY]' [options]

Sends requests at random times, R a second on average (a Poisson process), and writes a line of JSON for each:

  planned   when it should be sent, nanoseconds since 1970 (readers with doubles lose the last 256 ns)
  sent      when it was sent; absent when it was not, because all workers were busy
  latency   milliseconds from planned to the end of the answer: a late start counts
  method, status   status is 0 when there was no answer
  id        of a body with {{id}}
  machine, passed  these fields of the answer, if it is JSON that has them
  error     why there was no answer
  text      the beginning of an answer whose status is 400 or more

  --rate R             requests a second, on average
  --duration D         for example 90s; the end of the plan
  --target TARGET      WEIGHT METHOD URL [BODY]; several share the requests by weight. {{id}} in a body becomes unique.
                       A body that begins with { is JSON, others are forms.
                         --target '95 GET http://www.example/' --target '5 POST http://www.example/ {"text":"{{id}}"}'
  --header 'N: V'      sent with every request; several are allowed
  --within CIDR        the only addresses to which anything is sent; several are allowed. Checked when names are looked
                       up and again at each connection. Default: loopback and 198.51.100.0/24, the lab's Internet
  --resolve HOST:IP    connect to that address for this host; several are allowed. Other names are looked up once.
  --from ADDRESS       where connections come from; several take turns, each with ports of its own for some 28,000 that
                       are open or were closed within a minute. Default: as the system chooses
  --new-connections    a connection for each request; else connections are kept, and a GET whose kept connection turns
                       out to be closed is sent again, as browsers do
  --timeout D          for an answer, from sending (10s)
  --workers N          requests under way at once, at most (4000); bounds the memory
  --seed N             of the times and of the choice of targets; printed. Default: a random one
  --ids PREFIX         of {{id}}: PREFIX-1, PREFIX-2, ... Default: from seed and time
  --out FILE           default: standard output
  --until-eof          end early when standard input ends, so that it does not outlive its starter

SIGINT and SIGTERM end the run early; requests under way are waited for. Exit status: 0 when the run ended, whatever
the answers were; 1 when it could not be written; 2 for wrong arguments.
`

type options struct {
	rate           float64
	duration       time.Duration
	timeout        time.Duration
	targets        []target
	header         http.Header
	resolve        map[string]string
	within         []netip.Prefix
	from           []net.IP
	newConnections bool
	untilEOF       bool
	workers        uint64
	seed           uint64
	ids            string
	out            string
}

var idPrefix = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func parse(arguments []string, helpOutput io.Writer) (*options, error) {
	given := &options{header: http.Header{}, resolve: map[string]string{}}
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	flags.Float64Var(&given.rate, "rate", 0, "")
	flags.DurationVar(&given.duration, "duration", 0, "")
	flags.DurationVar(&given.timeout, "timeout", 10*time.Second, "")
	flags.BoolVar(&given.newConnections, "new-connections", false, "")
	flags.BoolVar(&given.untilEOF, "until-eof", false, "")
	flags.Uint64Var(&given.workers, "workers", 4000, "")
	flags.Uint64Var(&given.seed, "seed", rand.Uint64N(1_000_000_000), "")
	flags.StringVar(&given.ids, "ids", "", "")
	flags.StringVar(&given.out, "out", "", "")
	flags.Func("target", "", func(text string) error {
		parsed, err := parseTarget(text)
		given.targets = append(given.targets, parsed)
		return err
	})
	flags.Func("header", "", given.addHeader)
	flags.Func("resolve", "", given.addAddress)
	flags.Func("within", "", given.addRange)
	flags.Func("from", "", given.addSource)
	if err := flags.Parse(arguments); err != nil {
		if err == flag.ErrHelp {
			fmt.Fprint(helpOutput, usage)
		}
		return nil, err
	}
	if len(given.within) == 0 {
		given.within = standardRanges
	}
	if given.ids == "" {
		given.ids = fmt.Sprintf("%d-%d", given.seed, time.Now().Unix())
	}
	return given, given.check(flags.Args())
}

func (o *options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no option", rest[0])
	case !(o.rate > 0 && o.rate <= 100_000):
		return fmt.Errorf("--rate %v: allowed are more than 0 and at most 100000 a second", o.rate)
	case o.duration <= 0:
		return fmt.Errorf("--duration %v: must be longer than nothing, for example 60s", o.duration)
	case o.timeout <= 0:
		return fmt.Errorf("--timeout %v: must be longer than nothing, for example 10s", o.timeout)
	case o.workers == 0:
		return fmt.Errorf("--workers 0: at least 1 is needed")
	case len(o.targets) == 0:
		return fmt.Errorf("no --target was given")
	case !idPrefix.MatchString(o.ids):
		return fmt.Errorf("--ids %q: allowed are 1 to 64 letters, digits, dots, dashes and underscores", o.ids)
	}
	return nil
}

func (o *options) addHeader(text string) error {
	name, value, found := strings.Cut(text, ":")
	if !found || strings.TrimSpace(name) == "" {
		return fmt.Errorf("must be 'Name: value'")
	}
	o.header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}

func (o *options) addSource(text string) error {
	address := net.ParseIP(text)
	if address == nil {
		return fmt.Errorf("%q must be an address of this machine, for example 198.51.100.200", text)
	}
	o.from = append(o.from, address)
	return nil
}

func (o *options) addAddress(text string) error {
	host, address, found := strings.Cut(text, ":")
	if !found || host == "" || net.ParseIP(address) == nil {
		return fmt.Errorf("must be HOST:ADDRESS, for example www.example:198.51.100.10")
	}
	o.resolve[host] = address
	return nil
}
