//go:build linux && (amd64 || arm64) && !portable

#include "textflag.h"

// launcher_entry is the program's first instruction if it was linked with
// "-E launcher_entry". It makes the process untraceable and undumpable
// (PR_SET_DUMPABLE), blocks all signals, and records the signal mask and the
// ignored signals, which the Go runtime overwrites and cannot be asked for. The
// runtime unblocks some signals before it handles them, and the kernel drops
// those of PID 1: until then HUP, INT, QUIT, ABRT and TERM end PID 1 with 128+n.
// At last it starts the Go runtime.
TEXT launcher_entry(SB), NOSPLIT|NOFRAME, $0
	MOVQ $4, DI                   // PR_SET_DUMPABLE
	XORQ SI, SI
	MOVQ $157, AX                 // prctl(2)
	SYSCALL
	MOVQ $2, DI                   // SIG_SETMASK
	LEAQ ·everySignal(SB), SI
	LEAQ ·record+8(SB), DX
	MOVQ $8, R10
	MOVQ $14, AX                  // rt_sigprocmask(2)
	SYSCALL
	MOVQ $39, AX                  // getpid(2)
	SYSCALL
	XORQ R13, R13                 // the signals to handle
	CMPQ AX, $1
	JNE  record
	MOVQ $0x4027, R13
record:
	MOVQ $64, BX
	XORQ R12, R12
next:
	MOVQ BX, DI
	XORQ SI, SI
	LEAQ ·record+24(SB), DX       // a struct kernel_sigaction; the handler is its first member
	MOVQ $8, R10
	MOVQ $13, AX                  // rt_sigaction(2)
	SYSCALL
	SHLQ $1, R12
	CMPQ ·record+24(SB), $1       // SIG_IGN
	JNE  handle
	ORQ  $1, R12
	JMP  counted
handle:
	MOVQ BX, CX
	DECQ CX
	MOVQ R13, R14
	SHRQ CX, R14
	ANDQ $1, R14
	JEQ  counted
	LEAQ end<>(SB), AX
	MOVQ AX, ·record+24(SB)
	MOVQ AX, ·record+40(SB)       // the kernel asks for a restorer; it is never used
	MOVQ $0x04000000, AX          // SA_RESTORER
	MOVQ AX, ·record+32(SB)
	MOVQ BX, DI
	LEAQ ·record+24(SB), SI
	XORQ DX, DX
	MOVQ $13, AX
	SYSCALL
counted:
	DECQ BX
	JNZ  next
	MOVQ R12, ·record+16(SB)
	MOVQ $1, ·record+0(SB)
	XORQ DX, DX                   // as the kernel leaves it: no function to call at exit
	JMP  _rt0_amd64_linux(SB)

// end is a signal handler, with the signal's number in DI, as in C.
TEXT end<>(SB), NOSPLIT|NOFRAME, $0
	ADDQ $128, DI
	MOVQ $231, AX                 // exit_group(2)
	SYSCALL
	INT  $3
