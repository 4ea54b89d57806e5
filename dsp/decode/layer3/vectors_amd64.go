package layer3

import "golang.org/x/sys/cpu"

var vectors = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// sumRows makes dst the sum of the rows of a matrix, each times its value of x;
// as many columns as dst has, a multiple of 32.
func sumRows(dst, rows, x []float32) {
	sumRows32(&dst[0], &rows[:len(x)*len(dst)][0], &x[0], len(x), len(dst))
}

// overlap makes dst the sum of the products of the window's 16 rows with halves
// of the rows of past, (16, 2n), from the newest on: of every second the later one.
// len(dst) is n, a multiple of 16.
func overlap(dst, window, past []float32, newest int) {
	n := len(dst)
	overlap16(&dst[0], &window[:16*n][0], &past[:32*n][0], newest&15, n)
}

//go:noescape
func sumRows32(dst, rows, x *float32, n, width int)

//go:noescape
func overlap16(dst, window, past *float32, newest, n int)
