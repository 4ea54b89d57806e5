package mat

// Each works on whole vectors of 8.

//go:noescape
func elu8(x *float32, vectors int)

//go:noescape
func maxPool8(y, x *float32, pools, taps int, channelBytes uintptr)

//go:noescape
func maxPoolBack8(dx, dy, y, x *float32, pools, taps int, channelBytes uintptr)
