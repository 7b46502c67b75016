#include "textflag.h"

DATA launcher_all<>+0(SB)/8, $0xffffffffffffffff
GLOBL launcher_all<>(SB), RODATA, $8

// launcher_entry is the program's first instruction where the linker is told so
// (-E launcher_entry): the Go runtime overwrites what is kept here, ·record, and
// has no way to ask for it. PID 1 has all signals blocked from here on, as the
// kernel drops those that it has no handler for yet, pid_namespaces(7).
TEXT launcher_entry(SB), NOSPLIT|NOFRAME, $0
	MOVQ $39, AX                  // getpid(2)
	SYSCALL
	MOVQ $0, SI                   // no new mask
	CMPQ AX, $1
	JNE  mask
	LEAQ launcher_all<>(SB), SI
mask:
	MOVQ $2, DI                   // SIG_SETMASK
	LEAQ ·record+8(SB), DX
	MOVQ $8, R10
	MOVQ $14, AX                  // rt_sigprocmask(2)
	SYSCALL
	MOVQ $64, BX
	XORQ R12, R12
next:
	MOVQ BX, DI
	XORQ SI, SI
	LEAQ ·record+24(SB), DX       // the kernel's struct, whose handler is first
	MOVQ $8, R10
	MOVQ $13, AX                  // rt_sigaction(2)
	SYSCALL
	SHLQ $1, R12
	CMPQ ·record+24(SB), $1       // SIG_IGN
	JNE  counted
	ORQ  $1, R12
counted:
	DECQ BX
	JNZ  next
	MOVQ R12, ·record+16(SB)
	MOVQ $1, ·record+0(SB)
	XORQ DX, DX                   // as the kernel has it here: nothing to call at the end
	JMP  _rt0_amd64_linux(SB)
