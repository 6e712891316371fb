package dynamodest_test

import (
	"math/rand/v2"
	"time"
)

// rival is another writer: items that arrive at a table at moments that do not depend on what it takes.
type rival interface {
	next() (at time.Duration, items int) // the next items to arrive
	advance()                            // goes on to those after them
}

// rivals makes the rivals of a world. Seed 1 starts them together, the others at random.
type rivals func(seed uint64) []rival

func rivalRandom(seed uint64, i int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(i)+2))
}

// burstWriter sends items one by one at a rate while it is on, and none while it is off.
type burstWriter struct {
	rate, period float64 // items/s, and seconds of on and off together
	perBurst     int
	began        float64 // seconds
	burst, item  int
}

// bursts is a writer that sends rate items/s for on, nothing for off, and so on.
func bursts(rate float64, on, off time.Duration) rivals {
	return func(seed uint64) []rival {
		b := &burstWriter{rate: rate, period: (on + off).Seconds(), perBurst: int(rate * on.Seconds())}
		if seed > 1 {
			b.began = -rivalRandom(seed, 0).Float64() * b.period
		}
		for b.at() < 0 {
			b.advance()
		}
		return []rival{b}
	}
}

// steadily is a writer that sends rate items/s.
func steadily(rate float64) rivals { return bursts(rate, time.Second, 0) }

func (b *burstWriter) at() float64 {
	return b.began + float64(b.burst)*b.period + float64(b.item)/b.rate
}

func (b *burstWriter) next() (time.Duration, int) {
	return time.Duration(b.at() * float64(time.Second)), 1
}

func (b *burstWriter) advance() {
	if b.item++; b.item == b.perBurst {
		b.burst, b.item = b.burst+1, 0
	}
}

// loopWorker is a worker of a plain loop: 25 items a request, one request after the other. It sends
// what was refused again at once and fills up with new items, so that it always sends 25.
type loopWorker struct {
	at     time.Duration
	random *rand.Rand // of its latency
}

// loops is a plain loop of n workers, which nothing paces. Requests take 8 to 12 ms, since workers in
// lockstep with our requests would let either all of them pass or none.
func loops(n int) rivals {
	return func(seed uint64) []rival {
		all := make([]rival, n)
		for i := range all {
			all[i] = &loopWorker{at: requestTime/2 + requestTime*time.Duration(i)/time.Duration(n), random: rivalRandom(seed, i)}
		}
		return all
	}
}

func (w *loopWorker) next() (time.Duration, int) { return w.at, 25 }

func (w *loopWorker) advance() {
	w.at += time.Duration(float64(requestTime) * (0.8 + 0.4*w.random.Float64()))
}
