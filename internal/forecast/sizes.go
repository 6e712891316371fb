package forecast

import "github.com/dynamodest/dynamodest/internal/item"

// page is how many sizes share the memory of their counters.
const page = 1024

// Sizes counts items by their size, to the byte, in at most 3.3 MB of memory: 8 bytes for each size in the pages
// of 1,024 sizes that it has met. The zero Sizes is empty.
type Sizes struct {
	Count    int
	Total    int64
	Min, Max int // 0 if there is none

	pages [item.MaxSize/page + 1]*[page]int
}

// Add counts an item of so many bytes, item.MaxSize at most.
func (s *Sizes) Add(size int) {
	if s.pages[size/page] == nil {
		s.pages[size/page] = new([page]int)
	}
	s.pages[size/page][size%page]++
	if s.Count == 0 || size < s.Min {
		s.Min = size
	}
	s.Max = max(s.Max, size)
	s.Count++
	s.Total += int64(size)
}

// Percentile returns the smallest size that at least percent of the items do not exceed; 0 if there is none.
// https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method
func (s *Sizes) Percentile(percent int) int {
	rank := (s.Count*percent + 99) / 100
	seen := 0
	for i, counts := range s.pages {
		if counts == nil {
			continue
		}
		for j, n := range counts {
			if seen += n; n > 0 && seen >= rank {
				return i*page + j
			}
		}
	}
	return 0
}
