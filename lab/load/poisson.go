package main

import (
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"
)

// random is a source of its own for each use, so that one use does not move the numbers of another.
func random(seed uint64, use string) *rand.Rand {
	hash := fnv.New64a()
	hash.Write([]byte(use))
	return rand.New(rand.NewPCG(seed, hash.Sum64()))
}

// poisson is a pacer for vegeta: the gaps between arrivals are exponential. It remembers when each request that has no
// result yet was planned, and nothing else.
type poisson struct {
	rate float64
	// End of the plan; and how long after it what is late may still be sent.
	duration, grace time.Duration
	random          *rand.Rand

	mutex   sync.Mutex
	began   time.Time
	planned map[uint64]time.Duration
	// Arrivals that were drawn so far, and the time of the last one.
	drawn uint64
	last  time.Duration
	// When the request is planned that was asked about last.
	next time.Duration
}

func newPoisson(o *options) *poisson {
	return &poisson{
		rate: o.rate, duration: o.duration, grace: o.timeout,
		random: random(o.seed, "times"), planned: map[uint64]time.Duration{},
	}
}

// Pace says how long to wait before the next request, after so many.
func (p *poisson) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.began.IsZero() {
		p.began = time.Now().Add(-elapsed)
	}
	at := p.at(hits)
	p.next = at
	if at >= p.duration || elapsed >= p.duration+p.grace {
		return 0, true
	}
	return at - elapsed, false
}

// Rate is the mean one at all times.
func (p *poisson) Rate(time.Duration) float64 { return p.rate }

// take says when a request was planned, once.
func (p *poisson) take(number uint64) time.Time {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	at := p.at(number)
	delete(p.planned, number)
	return p.began.Add(at)
}

// finish ends the plan now, and returns when that is.
func (p *poisson) finish() time.Duration {
	elapsed := p.elapsed()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.duration = min(p.duration, elapsed)
	return p.duration
}

// due says whether the next request belongs to the plan.
func (p *poisson) due() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.next < p.duration
}

// elapsed since the first call of Pace.
func (p *poisson) elapsed() time.Duration {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.began.IsZero() {
		return 0
	}
	return time.Since(p.began)
}

func (p *poisson) at(number uint64) time.Duration {
	for p.drawn <= number {
		p.last += time.Duration(p.random.ExpFloat64() / p.rate * float64(time.Second))
		p.planned[p.drawn] = p.last
		p.drawn++
	}
	return p.planned[number]
}
