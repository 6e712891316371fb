package measure

import (
	"fmt"
	"slices"

	"golang.org/x/perf/benchmath"
)

// Figure is one measured number: a subject's own, or its ratio to a peer's of the same rounds.
type Figure struct {
	Name    string
	Unit    string
	Subject string
	Peer    string // "" for a figure without a peer

	Samples     []float64 // of the subject, one for each round
	PeerSamples []float64 // of the peer, of the same rounds; empty for a figure without a peer

	Rule  Rule
	Bound float64 // of the ratio, or of the subject's own number without a peer

	Missing string // why it was not measured; "" if it was
}

// Rule is what is wanted of a figure.
type Rule string

// The rules.
const (
	AtMost  Rule = "≤"
	AtLeast Rule = "≥"
	Below   Rule = "<"
	Info    Rule = "" // nothing is wanted
)

// Verdict is how a figure stands to what is wanted of it.
type Verdict string

// The verdicts.
const (
	None   Verdict = "-"
	Met    Verdict = "met"
	Close  Verdict = "missed by under 10 %"
	Missed Verdict = "MISSED"
)

// tolerance is the part of a bound by which a figure may miss it without failing the run.
const tolerance = 0.10

// confidence is that of the intervals.
const confidence = 0.95

// Compare returns the figure of a metric: the subject's runs against the peer's.
func (r Runs) Compare(name string, m Metric, subject, peer string) Figure {
	return Figure{
		Name: name, Unit: m.Unit, Subject: subject, Peer: peer,
		Samples: r.Values(subject, m), PeerSamples: r.Values(peer, m),
	}
}

// Alone returns the figure of a metric without a peer.
func (r Runs) Alone(name string, m Metric, subject string) Figure {
	return Figure{Name: name, Unit: m.Unit, Subject: subject, Samples: r.Values(subject, m)}
}

// Want returns the figure with what is wanted of it.
func (f Figure) Want(rule Rule, bound float64) Figure {
	f.Rule, f.Bound = rule, bound
	return f
}

// NotMeasured returns the figure without samples.
func (f Figure) NotMeasured(why string) Figure {
	f.Samples, f.PeerSamples, f.Missing = nil, nil, why
	return f
}

// Own returns the median of the subject's samples with its confidence interval.
func (f Figure) Own() benchmath.Summary { return summary(f.Samples) }

// Peers returns the median of the peer's samples with its confidence interval.
func (f Figure) Peers() benchmath.Summary { return summary(f.PeerSamples) }

// Decisive returns the number to which the bound applies: the median of the ratios within the rounds, or without
// a peer that of the samples.
func (f Figure) Decisive() benchmath.Summary {
	if f.Peer == "" {
		return f.Own()
	}
	return summary(f.ratios())
}

// ratios returns the ratio of subject to peer in each round.
func (f Figure) ratios() []float64 {
	ratios := make([]float64, min(len(f.Samples), len(f.PeerSamples)))
	for i := range ratios {
		ratios[i] = f.Samples[i] / f.PeerSamples[i]
	}
	return ratios
}

// Significance returns the test of whether subject and peer differ at all.
func (f Figure) Significance() benchmath.Comparison {
	return benchmath.AssumeNothing.Compare(sample(f.Samples), sample(f.PeerSamples))
}

// Verdict returns how the figure stands to its bound.
func (f Figure) Verdict() Verdict {
	switch {
	case f.Rule == Info:
		return None
	case f.Missing != "" || len(f.Samples) == 0:
		return Missed
	}
	got := f.Decisive().Center
	switch f.Rule {
	case AtMost:
		return verdict(got <= f.Bound, got <= f.Bound*(1+tolerance))
	case Below:
		return verdict(got < f.Bound, got <= f.Bound*(1+tolerance))
	case AtLeast:
		return verdict(got >= f.Bound, got >= f.Bound*(1-tolerance))
	case Info:
	}
	return None
}

func verdict(met, near bool) Verdict {
	switch {
	case met:
		return Met
	case near:
		return Close
	}
	return Missed
}

// Failed returns an error that names the figures that miss their bounds by more than 10 %, nil if there is none.
func Failed(figures []Figure) error {
	var names []string
	for _, f := range figures {
		if f.Verdict() == Missed {
			names = append(names, fmt.Sprintf("%q", f.Name))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &MissedError{Names: names}
}

// MissedError says that figures miss their bounds by more than 10 %.
type MissedError struct{ Names []string }

func (e *MissedError) Error() string {
	return fmt.Sprintf("%d figures miss what is wanted by more than 10 %%: %v", len(e.Names), e.Names)
}

func summary(values []float64) benchmath.Summary {
	if len(values) == 0 {
		return benchmath.Summary{}
	}
	return benchmath.AssumeNothing.Summary(sample(values), confidence)
}

// sample returns values as benchmath takes them, which sorts them.
func sample(values []float64) *benchmath.Sample {
	return benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds)
}
