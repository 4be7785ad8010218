package main

import (
	"math"
	"testing"
	"time"
)

func arrivals(t *testing.T, seed uint64, rate float64, duration time.Duration) []time.Duration {
	t.Helper()
	pacer := newPoisson(&options{rate: rate, duration: duration, timeout: time.Second, seed: seed})
	var times []time.Duration
	for {
		at, stop := pacer.Pace(0, uint64(len(times)))
		if stop {
			return times
		}
		times = append(times, at)
	}
}

func TestTheSameSeedGivesTheSameTimes(t *testing.T) {
	one, same, other := arrivals(t, 7, 500, time.Second), arrivals(t, 7, 500, time.Second), arrivals(t, 8, 500, time.Second)
	if len(one) != len(same) || one[100] != same[100] {
		t.Errorf("seed 7 gave %d arrivals, then %d", len(one), len(same))
	}
	if one[0] == other[0] {
		t.Errorf("seeds 7 and 8 both begin at %v", one[0])
	}
}

func TestTheNumberOfRequestsInASecondHasTheMeanAndVarianceOfAPoissonProcess(t *testing.T) {
	const rate, seconds = 200.0, 500
	perSecond := make([]float64, seconds)
	for _, at := range arrivals(t, 1, rate, seconds*time.Second) {
		perSecond[int(at.Seconds())]++
	}
	mean, variance := 0.0, 0.0
	for _, count := range perSecond {
		mean += count / seconds
	}
	for _, count := range perSecond {
		variance += (count - mean) * (count - mean) / seconds
	}
	if math.Abs(mean-rate) > 3*math.Sqrt(rate/seconds) || math.Abs(variance-rate) > 0.2*rate {
		t.Errorf("mean %.1f and variance %.1f, both should be about %.0f", mean, variance, rate)
	}
}

func TestThePlanEndsAtItsDurationAndWhatIsLateIsSentUntilTheGraceHasPassed(t *testing.T) {
	pacer := newPoisson(&options{rate: 100, duration: time.Second, timeout: 2 * time.Second, seed: 1})
	if wait, stop := pacer.Pace(2900*time.Millisecond, 3); stop || wait >= 0 {
		t.Errorf("a late request waits %v, stop %v", wait, stop)
	}
	if _, stop := pacer.Pace(3*time.Second, 4); !stop {
		t.Error("a request is sent after the grace")
	}
	if _, stop := pacer.Pace(0, 1000); !stop {
		t.Error("a request is planned after the duration")
	}
}

func TestOnlyRequestsWithoutAResultAreRemembered(t *testing.T) {
	pacer := newPoisson(&options{rate: 100, duration: time.Hour, timeout: time.Second, seed: 1})
	for number := range uint64(1000) {
		pacer.Pace(0, number)
		pacer.take(number)
	}
	if len(pacer.planned) != 0 {
		t.Errorf("%d times are still remembered", len(pacer.planned))
	}
}
