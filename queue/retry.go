package queue

import (
	"math"
	"time"
)

// retryAt is when to try again after an attempt, counted from 1, that ended
// now: twice as far away each time, up to limit. A random half of the wait is
// taken off by chance, 0 to 1, so that jobs which failed together do not all
// come back together.
func retryAt(now time.Time, attempt int, first, limit time.Duration, chance float64) time.Time {
	wait := math.Min(float64(limit), math.Ldexp(float64(first), attempt-1))
	return now.Add(time.Duration(wait * (1 - chance/2)))
}
