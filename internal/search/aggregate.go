package search

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"

	"github.com/doorward/doorward/internal/query"
)

// tally is what is remembered of a field's values, in a space that does not grow with their number. Sums are exact, so that
// they are the same in whatever order the rows come.
type tally struct {
	// rows counts all rows, values those with any value, numbers those with a number.
	rows, values, numbers int64
	// small and smallSquares are sums of whole numbers that are waiting to be added to the great sums.
	small, smallSquares int64
	sum, squares        *big.Float
	// fractional tells that some number was not whole.
	fractional bool
	// least and greatest are the texts of numbers, low and high the numbers if both are whole ones of 64 bits.
	least, greatest query.Value
	low, high       int64
}

// The precision of the sums, in bits: floats reach from 2^-1074 to 2^1024, their squares twice as far, and there may be 2^63.
const (
	precision    = 2200
	precisionSqr = 2 * precision
)

// smallest numbers are summed up as machine words; a square of one has 60 bits at most.
const smallNumber = 1 << 30

func (t *tally) add(v query.Value) {
	t.rows++
	if v.Kind == query.Null {
		return
	}
	t.values++
	if v.Kind != query.Number {
		return
	}
	t.numbers++
	n, err := strconv.ParseInt(v.Num, 10, 64)
	small := err == nil && -smallNumber < n && n < smallNumber
	if !small || !t.between(n) {
		t.extend(v)
	}
	if small {
		t.small += n
		if t.smallSquares += n * n; t.smallSquares >= 1<<62 {
			t.settle()
		}
		return
	}
	t.addGreat(v.Num)
}

// between tells whether the number is neither less nor greater than those before, as far as that is known without comparing texts.
func (t *tally) between(n int64) bool { return t.numbers > 1 && t.low <= n && n <= t.high }

// extend takes the number for the least or the greatest, if it is.
func (t *tally) extend(v query.Value) {
	if t.numbers == 1 || query.Compare(v, t.least) < 0 {
		t.least = v
	}
	if t.numbers == 1 || query.Compare(v, t.greatest) > 0 {
		t.greatest = v
	}
	low, errLow := strconv.ParseInt(t.least.Num, 10, 64)
	high, errHigh := strconv.ParseInt(t.greatest.Num, 10, 64)
	if t.low, t.high = low, high; errLow != nil || errHigh != nil {
		t.low, t.high = 1, 0 // Nothing is between.
	}
}

// addGreat adds a number that is not small: a whole one of 64 bits exactly, any other as the nearest float.
func (t *tally) addGreat(text string) {
	x := new(big.Float).SetPrec(precisionSqr)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		x.SetInt64(n)
	} else {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			// Beyond all floats; the sign is kept.
			f = math.Copysign(math.MaxFloat64, f)
		}
		x.SetFloat64(f)
		t.fractional = t.fractional || f != math.Trunc(f)
	}
	t.great(x, new(big.Float).SetPrec(precisionSqr).Mul(x, x))
}

func (t *tally) great(sum, squares *big.Float) {
	if t.sum == nil {
		t.sum, t.squares = new(big.Float).SetPrec(precision), new(big.Float).SetPrec(precisionSqr)
	}
	t.sum.Add(t.sum, sum)
	t.squares.Add(t.squares, squares)
}

// settle moves the small sums into the great ones.
func (t *tally) settle() {
	t.great(new(big.Float).SetInt64(t.small), new(big.Float).SetInt64(t.smallSquares))
	t.small, t.smallSquares = 0, 0
}

// result returns the value of the aggregate as JSON.
func (t *tally) result(f query.Func, star bool) json.RawMessage {
	switch {
	case f == query.Count && star:
		return strconv.AppendInt(nil, t.rows, 10)
	case f == query.Count:
		return strconv.AppendInt(nil, t.values, 10)
	case t.numbers == 0:
		return nothing(f)
	}
	t.settle()
	switch f {
	case query.Min:
		return number(t.least)
	case query.Max:
		return number(t.greatest)
	case query.Sum:
		return t.total(t.sum)
	case query.SumOfSquares:
		return t.total(t.squares)
	case query.Avg:
		avg := new(big.Float).SetPrec(precision).Quo(t.sum, new(big.Float).SetInt64(t.numbers))
		return float(nearest(avg))
	case query.Variance:
		return float(t.variance())
	}
	return float(math.Sqrt(t.variance()))
}

// nothing is what aggregates are of no values.
func nothing(f query.Func) json.RawMessage {
	switch f {
	case query.Min:
		return json.RawMessage(`"infinity"`)
	case query.Max:
		return json.RawMessage(`"-infinity"`)
	case query.Sum, query.SumOfSquares:
		return json.RawMessage("0")
	}
	return json.RawMessage(`"NaN"`)
}

// total writes a sum: exactly if all numbers were whole.
func (t *tally) total(sum *big.Float) json.RawMessage {
	if !t.fractional {
		if n, exact := sum.Int(nil); exact == big.Exact && n.BitLen() <= 128 {
			return json.RawMessage(n.String())
		}
	}
	return float(nearest(sum))
}

// variance is that of all values, not of a sample: (n·Σx² - (Σx)²) / n².
func (t *tally) variance() float64 {
	n := new(big.Float).SetPrec(2 * precisionSqr).SetInt64(t.numbers)
	left := new(big.Float).SetPrec(2*precisionSqr).Mul(n, t.squares)
	right := new(big.Float).SetPrec(2*precisionSqr).Mul(t.sum, t.sum)
	left.Sub(left, right)
	left.Quo(left, new(big.Float).SetPrec(2*precisionSqr).Mul(n, n))
	return nearest(left)
}

// nearest returns the nearest finite float.
func nearest(x *big.Float) float64 {
	f, _ := x.Float64()
	if math.IsInf(f, 0) {
		return math.Copysign(math.MaxFloat64, f)
	}
	return f
}

// number writes a number of a document: a whole one of 64 bits as it is, any other as the nearest float.
func number(v query.Value) json.RawMessage {
	if _, err := strconv.ParseInt(v.Num, 10, 64); err == nil {
		return json.RawMessage(v.Num)
	}
	f, err := strconv.ParseFloat(v.Num, 64)
	if err != nil {
		return json.RawMessage(v.Num)
	}
	return float(f)
}

// float writes a finite float as JSON: a whole one without a fraction.
func float(f float64) json.RawMessage {
	text, err := json.Marshal(f)
	if err != nil {
		return json.RawMessage(`"NaN"`)
	}
	return text
}
