#include "textflag.h"

// A complex number is 64 bytes: 8 real parts, then 8 imaginary ones.

// out = w·x: x in (xr, xi), w at offset o of the twiddles in CX; stores to (at).
#define TURN(xr, xi, o, at) \
	VBROADCASTSS o(CX), Y14 \
	VBROADCASTSS o+4(CX), Y15 \
	VMULPS xi, Y15, Y12 \
	VMULPS xr, Y15, Y13 \
	VFMSUB231PS xr, Y14, Y12 \
	VFMADD231PS xi, Y14, Y13 \
	VMOVUPS Y12, (at) \
	VMOVUPS Y13, 32(at)

// func radix4(dst, src, twiddles *float32, quarter, stride int)
TEXT ·radix4(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ twiddles+16(FP), CX
	MOVQ quarter+24(FP), R8 // blocks to go
	MOVQ stride+32(FP), R9
	MOVQ R8, R10
	IMULQ R9, R10
	SHLQ $6, R10 // bytes between the four inputs
	MOVQ R9, R11
	SHLQ $6, R11 // bytes between the four outputs
	LEAQ (R10)(R10*2), R12
	LEAQ (R11)(R11*2), R13
block:
	MOVQ R9, DX // numbers to go
number:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	LEAQ (SI)(R10*1), BX
	VMOVUPS (BX), Y2
	VMOVUPS 32(BX), Y3
	LEAQ (SI)(R10*2), BX
	VMOVUPS (BX), Y4
	VMOVUPS 32(BX), Y5
	LEAQ (SI)(R12*1), BX
	VMOVUPS (BX), Y6
	VMOVUPS 32(BX), Y7
	VADDPS Y4, Y0, Y8  // a + c
	VADDPS Y5, Y1, Y9
	VSUBPS Y4, Y0, Y0  // a - c
	VSUBPS Y5, Y1, Y1
	VADDPS Y6, Y2, Y10 // b + d
	VADDPS Y7, Y3, Y11
	VSUBPS Y6, Y2, Y2  // b - d
	VSUBPS Y7, Y3, Y3
	VADDPS Y10, Y8, Y4
	VADDPS Y11, Y9, Y5
	VMOVUPS Y4, (DI)
	VMOVUPS Y5, 32(DI)
	VSUBPS Y10, Y8, Y6 // the third
	VSUBPS Y11, Y9, Y7
	VADDPS Y3, Y0, Y4  // the second: (a - c) - j(b - d)
	VSUBPS Y2, Y1, Y5
	VSUBPS Y3, Y0, Y8  // the fourth: (a - c) + j(b - d)
	VADDPS Y2, Y1, Y9
	LEAQ (DI)(R11*1), BX
	TURN(Y4, Y5, 0, BX)
	LEAQ (DI)(R11*2), BX
	TURN(Y6, Y7, 8, BX)
	LEAQ (DI)(R13*1), BX
	TURN(Y8, Y9, 16, BX)
	ADDQ $64, SI
	ADDQ $64, DI
	DECQ DX
	JNZ number
	ADDQ R13, DI
	ADDQ $24, CX
	DECQ R8
	JNZ block
	VZEROUPPER
	RET

// func radix2(dst, src *float32, stride int)
TEXT ·radix2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ stride+16(FP), DX
	MOVQ DX, R10
	SHLQ $6, R10
pair:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVUPS (SI)(R10*1), Y2
	VMOVUPS 32(SI)(R10*1), Y3
	VADDPS Y2, Y0, Y4
	VADDPS Y3, Y1, Y5
	VSUBPS Y2, Y0, Y6
	VSUBPS Y3, Y1, Y7
	VMOVUPS Y4, (DI)
	VMOVUPS Y5, 32(DI)
	VMOVUPS Y6, (DI)(R10*1)
	VMOVUPS Y7, 32(DI)(R10*1)
	ADDQ $64, SI
	ADDQ $64, DI
	DECQ DX
	JNZ pair
	VZEROUPPER
	RET

DATA half<>+0(SB)/4, $0.5
GLOBL half<>(SB), RODATA|NOPTR, $4

// With E = (Z[k] + Z*[n-k])/2 and O = (Z[k] - Z*[n-k])/2j, bin k of the real
// numbers is E + w·O and bin n-k is its mirror, |E - w·O|, w = e^(-2πik/2n).
//
// func untangle(dst, src, twiddles *float32, n int)
TEXT ·untangle(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ twiddles+16(FP), CX
	MOVQ n+24(FP), DX
	MOVQ DX, BX
	SHLQ $6, BX
	LEAQ -64(SI)(BX*1), R8 // Z[n-1]
	MOVQ DX, BX
	SHLQ $5, BX
	LEAQ -32(DI)(BX*1), R9 // bin n-1
	ADDQ $64, SI
	ADDQ $32, DI
	ADDQ $8, CX
	SHRQ $1, DX // n/2 bins from either end
	VBROADCASTSS half<>(SB), Y11
bin:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVUPS (R8), Y2
	VMOVUPS 32(R8), Y3
	VADDPS Y2, Y0, Y4 // 2E
	VSUBPS Y3, Y1, Y5
	VADDPS Y3, Y1, Y6 // 2O: the difference over j
	VSUBPS Y0, Y2, Y7
	VBROADCASTSS (CX), Y14  // cos
	VBROADCASTSS 4(CX), Y15 // sin, of +2πk/2n
	VMULPS Y7, Y15, Y8      // w·2O, w = cos - j sin
	VMULPS Y6, Y15, Y9
	VFMADD231PS Y6, Y14, Y8
	VFMSUB231PS Y7, Y14, Y9
	VADDPS Y8, Y4, Y0
	VADDPS Y9, Y5, Y1
	VSUBPS Y8, Y4, Y2
	VSUBPS Y9, Y5, Y3
	VMULPS Y0, Y0, Y0
	VFMADD231PS Y1, Y1, Y0
	VMULPS Y2, Y2, Y2
	VFMADD231PS Y3, Y3, Y2
	VSQRTPS Y0, Y0
	VSQRTPS Y2, Y2
	VMULPS Y11, Y0, Y0
	VMULPS Y11, Y2, Y2
	VMOVUPS Y0, (DI)
	VMOVUPS Y2, (R9)
	ADDQ $64, SI
	SUBQ $64, R8
	ADDQ $32, DI
	SUBQ $32, R9
	ADDQ $8, CX
	DECQ DX
	JNZ bin
	VZEROUPPER
	RET
