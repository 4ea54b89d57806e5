#include "textflag.h"

// One lane's constants, broadcast when a kernel begins.
DATA elu<>+0(SB)/4, $-87.0
DATA elu<>+4(SB)/4, $1.44269504
DATA elu<>+8(SB)/4, $0.693147181
DATA elu<>+12(SB)/4, $0.00138888889
DATA elu<>+16(SB)/4, $0.00833333333
DATA elu<>+20(SB)/4, $0.0416666667
DATA elu<>+24(SB)/4, $0.166666667
DATA elu<>+28(SB)/4, $0.5
DATA elu<>+32(SB)/4, $1.0
DATA elu<>+36(SB)/4, $127
GLOBL elu<>(SB), RODATA, $40

// func elu8(x *float32, vectors int)
TEXT ·elu8(SB), NOSPLIT, $0-16
	MOVQ x+0(FP), SI
	MOVQ vectors+8(FP), CX
	VBROADCASTSS elu<>+0(SB), Y15
	VBROADCASTSS elu<>+4(SB), Y14
	VBROADCASTSS elu<>+8(SB), Y13
	VBROADCASTSS elu<>+12(SB), Y12
	VBROADCASTSS elu<>+16(SB), Y11
	VBROADCASTSS elu<>+20(SB), Y10
	VBROADCASTSS elu<>+24(SB), Y9
	VBROADCASTSS elu<>+28(SB), Y8
	VBROADCASTSS elu<>+32(SB), Y7
	VBROADCASTSS elu<>+36(SB), Y6
	VXORPS Y5, Y5, Y5
loop:
	VMOVUPS (SI), Y0
	VMINPS Y5, Y0, Y1
	VMAXPS Y15, Y1, Y1
	VMULPS Y14, Y1, Y1 // in powers of two
	VROUNDPS $0, Y1, Y2
	VSUBPS Y2, Y1, Y1
	VMULPS Y13, Y1, Y1 // the rest, within half of ln 2
	VMOVAPS Y12, Y3
	VFMADD213PS Y11, Y1, Y3
	VFMADD213PS Y10, Y1, Y3
	VFMADD213PS Y9, Y1, Y3
	VFMADD213PS Y8, Y1, Y3
	VFMADD213PS Y7, Y1, Y3
	VFMADD213PS Y7, Y1, Y3
	VCVTPS2DQ Y2, Y2
	VPADDD Y6, Y2, Y2
	VPSLLD $23, Y2, Y2
	VFMSUB213PS Y7, Y2, Y3 // e^x - 1
	VBLENDVPS Y0, Y3, Y0, Y0
	VMOVUPS Y0, (SI)
	ADDQ $32, SI
	DECQ CX
	JNZ loop
	VZEROUPPER
	RET

// func maxPool8(y, x *float32, pools, taps int, channelBytes uintptr)
TEXT ·maxPool8(SB), NOSPLIT, $0-40
	MOVQ y+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ pools+16(FP), CX
	MOVQ taps+24(FP), DX
	MOVQ channelBytes+32(FP), R8
	MOVQ R8, R9
	IMULQ DX, R9 // bytes of a pool's input
pool:
	XORQ AX, AX
channels:
	LEAQ (SI)(AX*1), R10
	VMOVUPS (R10), Y0
	MOVQ DX, R11
	DECQ R11
	JZ store
tap:
	ADDQ R8, R10
	VMAXPS (R10), Y0, Y0
	DECQ R11
	JNZ tap
store:
	VMOVUPS Y0, (DI)(AX*1)
	ADDQ $32, AX
	CMPQ AX, R8
	JLT channels
	ADDQ R8, DI
	ADDQ R9, SI
	DECQ CX
	JNZ pool
	VZEROUPPER
	RET

// func maxPoolBack8(dx, dy, y, x *float32, pools, taps int, channelBytes uintptr)
TEXT ·maxPoolBack8(SB), NOSPLIT, $0-56
	MOVQ dx+0(FP), R12
	MOVQ dy+8(FP), R13
	MOVQ y+16(FP), DI
	MOVQ x+24(FP), SI
	MOVQ pools+32(FP), CX
	MOVQ taps+40(FP), DX
	MOVQ channelBytes+48(FP), R8
	MOVQ R8, R9
	IMULQ DX, R9
	VBROADCASTSS elu<>+32(SB), Y7
	VXORPS Y5, Y5, Y5
pool:
	XORQ AX, AX
channels:
	LEAQ (SI)(AX*1), R10
	VMOVUPS (R10), Y0
	MOVQ DX, R11
	DECQ R11
	JZ slope
tap:
	ADDQ R8, R10
	VMAXPS (R10), Y0, Y0
	DECQ R11
	JNZ tap
slope:
	VMOVUPS (DI)(AX*1), Y1
	VMINPS Y5, Y1, Y1
	VADDPS Y7, Y1, Y1 // ELU's slope: y+1 below 0, else 1
	VMULPS (R13)(AX*1), Y1, Y1
	LEAQ (SI)(AX*1), R10
	LEAQ (R12)(AX*1), BX
	MOVQ DX, R11
give:
	VCMPPS $0, (R10), Y0, Y2
	VANDPS Y1, Y2, Y2
	VADDPS (BX), Y2, Y2
	VMOVUPS Y2, (BX)
	ADDQ R8, R10
	ADDQ R8, BX
	DECQ R11
	JNZ give
	ADDQ $32, AX
	CMPQ AX, R8
	JLT channels
	ADDQ R8, DI
	ADDQ R8, R13
	ADDQ R9, SI
	ADDQ R9, R12
	DECQ CX
	JNZ pool
	VZEROUPPER
	RET
