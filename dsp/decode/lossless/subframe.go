package lossless

import (
	"errors"
	"math/bits"
)

var errPredictor = errors.New("a predictor that cannot be")

// fixed are the predictors of order 0 to 4, the oldest sample first.
var fixed = [5][]int64{{}, {1}, {-1, 2}, {1, -3, 3}, {-1, 4, -6, 4}}

// subframe reads one channel of samples of so many bits (RFC 9639, 9.2).
func (d *Decoder) subframe(dst []int32, wide int) error {
	b := &d.bits
	if b.take(1) != 0 {
		return errReserved
	}
	kind := int(b.take(6))
	wasted := 0
	if b.take(1) != 0 {
		wasted = 1 + b.unary()
		if wide -= wasted; wide < 1 {
			return errReserved
		}
	}
	var err error
	switch {
	case kind == 0:
		v := b.signed(uint(wide))
		for i := range dst {
			dst[i] = v
		}
	case kind == 1:
		for i := range dst {
			dst[i] = b.signed(uint(wide))
		}
	case kind >= 8 && kind <= 12:
		err = d.predicted(dst, wide, kind-8, nil)
	case kind >= 32:
		err = d.predicted(dst, wide, kind-31, make([]int64, kind-31))
	default:
		err = errReserved
	}
	if err != nil {
		return err
	}
	if wasted > 0 {
		for i := range dst {
			dst[i] <<= wasted
		}
	}
	return b.err
}

// predicted reads a channel as warm-up samples, the coefficients where they are
// not fixed, and what the prediction is off by.
func (d *Decoder) predicted(dst []int32, wide, order int, coefficients []int64) error {
	b := &d.bits
	if order > len(dst) {
		return errPredictor
	}
	for i := range order {
		dst[i] = b.signed(uint(wide))
	}
	shift := uint(0)
	if coefficients == nil {
		coefficients = fixed[order]
	} else {
		precision, by := uint(b.take(4))+1, b.signed(5)
		if precision == 16 || by < 0 {
			return errPredictor
		}
		shift = uint(by)
		for i := range coefficients {
			coefficients[order-1-i] = int64(b.signed(precision))
		}
	}
	if err := b.residual(dst, order); err != nil {
		return err
	}
	for i := order; i < len(dst); i++ {
		var sum int64
		past := dst[i-order : i]
		for j, c := range coefficients {
			sum += c * int64(past[j])
		}
		dst[i] += int32(sum >> shift)
	}
	return nil
}

// residual reads what predictions are off by, from sample order on, in
// partitions of Rice codes (RFC 9639, 9.2.7).
func (b *bitReader) residual(dst []int32, order int) error {
	method, parts := b.take(2), b.take(4)
	width, escape := uint(4), uint(15)
	if method == 1 {
		width, escape = 5, 31
	}
	size := len(dst) >> parts
	if method > 1 || size<<parts != len(dst) || size < order {
		return errReserved
	}
	from := order
	for part := range 1 << parts {
		to := (part + 1) * size
		parameter := uint(b.take(width))
		if parameter < escape {
			b.rice(dst[from:to], parameter)
		} else if raw := uint(b.take(5)); raw == 0 {
			clear(dst[from:to])
		} else {
			for i := from; i < to; i++ {
				dst[i] = b.signed(raw)
			}
		}
		if b.err != nil {
			return b.err
		}
		from = to
	}
	return nil
}

// rice reads Rice codes: a quotient in unary, so many bits of remainder, the
// sign in the lowest.
func (b *bitReader) rice(dst []int32, parameter uint) {
	for i := range dst {
		word := b.word()
		quotient := uint(bits.LeadingZeros64(word))
		var code uint64
		if quotient+1+parameter <= sureBits {
			code = uint64(quotient)<<parameter | word<<(quotient+1)>>(64-parameter)
			b.at += int(quotient + 1 + parameter)
		} else {
			code = uint64(b.unary())<<parameter | b.take(parameter)
		}
		dst[i] = int32(code>>1) ^ -int32(code&1)
	}
}
