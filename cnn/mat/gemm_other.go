//go:build !amd64

package mat

// Without vector kernels the plain loops do everything.
const fast = false

func mulAddSIMD(int, int, int, []float32, int, int, []float32, int, []float32, int) int { return 0 }

func elu8(*float32, int) {}

func maxPool8(_, _ *float32, _, _ int, _ uintptr) {}

func maxPoolBack8(_, _, _, _ *float32, _, _ int, _ uintptr) {}
