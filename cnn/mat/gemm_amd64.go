package mat

import "golang.org/x/sys/cpu"

var fast = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// Strides are in bytes. Each kernel adds a tile of the product to c.
//
//go:noescape
func kernel6x16(k int, a *float32, rows, cols uintptr, b *float32, ldb uintptr, c *float32, ldc uintptr)

//go:noescape
func kernel6x8(k int, a *float32, rows, cols uintptr, b *float32, ldb uintptr, c *float32, ldc uintptr)

//go:noescape
func kernel1x16(k int, a *float32, cols uintptr, b *float32, ldb uintptr, c *float32)

//go:noescape
func kernel1x8(k int, a *float32, cols uintptr, b *float32, ldb uintptr, c *float32)

const wordBytes = 4

// mulAddSIMD does as many columns as make whole vectors and says how many.
func mulAddSIMD(m, n, k int, a []float32, rows, cols int, b []float32, ldb int, c []float32, ldc int) int {
	rowBytes, colBytes := uintptr(rows)*wordBytes, uintptr(cols)*wordBytes
	bBytes, cBytes := uintptr(ldb)*wordBytes, uintptr(ldc)*wordBytes
	j := 0
	for ; j+16 <= n; j += 16 {
		i := 0
		for ; i+6 <= m; i += 6 {
			kernel6x16(k, &a[i*rows], rowBytes, colBytes, &b[j], bBytes, &c[i*ldc+j], cBytes)
		}
		for ; i < m; i++ {
			kernel1x16(k, &a[i*rows], colBytes, &b[j], bBytes, &c[i*ldc+j])
		}
	}
	if j+8 <= n {
		i := 0
		for ; i+6 <= m; i += 6 {
			kernel6x8(k, &a[i*rows], rowBytes, colBytes, &b[j], bBytes, &c[i*ldc+j], cBytes)
		}
		for ; i < m; i++ {
			kernel1x8(k, &a[i*rows], colBytes, &b[j], bBytes, &c[i*ldc+j])
		}
		j += 8
	}
	return j
}
