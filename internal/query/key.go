package query

import "encoding/binary"

// First bytes of the keys of AppendSortKey, in the order of Compare.
const (
	keyBool = iota + 1
	keyNumber
	keyString
	keyNull
)

// AppendSortKey appends bytes that order as [Compare] orders the values: for stores that can sort nothing but bytes.
func AppendSortKey(dst []byte, v Value) []byte {
	switch v.Kind {
	case Bool:
		if v.Bool {
			return append(dst, keyBool, 1)
		}
		return append(dst, keyBool, 0)
	case Number:
		return appendNumberKey(append(dst, keyNumber), takeApart(v.Num))
	case String:
		return append(append(dst, keyString), v.Str...)
	}
	return append(dst, keyNull)
}

// appendNumberKey appends sign, exponent and digits. Those of a negative number are turned around, and end in a byte
// beyond any of them: of two that begin with the same digits the shorter is the greater there.
func appendNumberKey(dst []byte, d decimal) []byte {
	// The sign bit is turned, so that negative exponents come first.
	exponent := uint64(d.exponent) ^ 1<<63
	switch d.sign() {
	case 0:
		return append(dst, 1)
	case 1:
		dst = binary.BigEndian.AppendUint64(append(dst, 2), exponent)
		return append(dst, d.digits...)
	}
	dst = binary.BigEndian.AppendUint64(append(dst, 0), ^exponent)
	for i := range len(d.digits) {
		dst = append(dst, ^d.digits[i])
	}
	return append(dst, 0xff)
}
