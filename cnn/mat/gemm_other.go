//go:build !amd64

package mat

const fast = false

func mulAddSIMD(int, int, int, []float32, int, int, []float32, int, []float32, int) int { return 0 }
