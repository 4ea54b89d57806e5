// Package mat multiplies small float32 matrices fast: the one kernel under
// every layer of the networks, forward and backward.
package mat

// MulAdd adds the product of a and b to c: c[i][j] += Σ a[i][p]·b[p][j] for
// i < m, j < n, p < k.
//
// a[i][p] lies at a[i*rows+p*cols], so that a transposed matrix is a matter of
// strides, and rows may overlap, which is how a convolution reads its input
// without copying it. b and c are row-major with strides ldb and ldc. Rows of c
// may overlap too: they are read, added to and written one after another.
// It panics where a slice is too short.
func MulAdd(m, n, k int, a []float32, rows, cols int, b []float32, ldb int, c []float32, ldc int) {
	if m <= 0 || n <= 0 || k <= 0 {
		return
	}
	if (m-1)*rows+(k-1)*cols >= len(a) || (k-1)*ldb+n > len(b) || (m-1)*ldc+n > len(c) {
		panic("mat: slice too short")
	}
	done := 0
	if fast {
		done = mulAddSIMD(m, n, k, a, rows, cols, b, ldb, c, ldc)
	}
	mulAddPlain(m, done, n, k, a, rows, cols, b, ldb, c, ldc)
}

// mulAddPlain does the columns from to n. It is the reference that the
// vectorised kernels are tested against.
func mulAddPlain(m, from, n, k int, a []float32, rows, cols int, b []float32, ldb int, c []float32, ldc int) {
	if from >= n {
		return
	}
	for i := range m {
		row := c[i*ldc+from : i*ldc+n]
		for p := range k {
			v := a[i*rows+p*cols]
			for j, w := range b[p*ldb+from : p*ldb+n] {
				row[j] += v * w
			}
		}
	}
}
