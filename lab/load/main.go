// Command load sends requests at the times of a Poisson process, whatever becomes of them (open loop), and writes one
// line of JSON for each. A server that stands still delays nothing: every latency counts from the planned time.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	// What is measured runs on the same host. On one processor Go's scheduler neither spins nor wakes others: that takes a
	// third less processor time from it, and one is enough for thousands of requests a second.
	runtime.GOMAXPROCS(1)
	options, err := parse(os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "load: %v (load --help tells more)\n", err)
		os.Exit(2)
	}
	if err := write(options); err != nil {
		fmt.Fprintf(os.Stderr, "load: %v\n", err)
		os.Exit(1)
	}
}

func write(options *options) error {
	file := os.Stdout
	if options.out != "" {
		opened, err := os.Create(options.out)
		if err != nil {
			return err
		}
		defer opened.Close()
		file = opened
	}
	out := bufio.NewWriterSize(file, 1<<16)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	if options.untilEOF {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop <- syscall.SIGTERM
		}()
	}
	fmt.Fprintf(os.Stderr, "load: seed %d, ids %s\n", options.seed, options.ids)
	count, err := run(options, out, stop)
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	count.report(os.Stderr)
	return nil
}

// counts is what a run says of itself at its end.
type counts struct {
	sent, unanswered, unsent uint64
	seconds                  float64
	seed                     uint64
}

func (c counts) report(out io.Writer) {
	fmt.Fprintf(out, "load: %d requests in %.1f s, %d without an answer, %d not sent; seed %d\n",
		c.sent, c.seconds, c.unanswered, c.unsent, c.seed)
}
