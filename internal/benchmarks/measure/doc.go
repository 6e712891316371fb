// Package measure runs things side by side and compares what they took. Contestants run in turn within each
// round, so that what disturbs the machine disturbs all of them; what is compared is the ratio within a round.
package measure
