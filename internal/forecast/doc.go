// Package forecast adds up what writing items would cost and how large they are: write units of a table, of its
// indexes and its vector indexes, at least and at most, and the time that they take.
//
// It imports item and table. It knows neither rows nor mappings nor requests, and keeps nothing of an item.
package forecast
