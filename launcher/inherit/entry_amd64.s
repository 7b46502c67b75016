#include "textflag.h"

// launcher_entry is the program's first instruction where the linker is told so
// (-E launcher_entry). It keeps in ·record what the Go runtime overwrites and
// has no way to ask for. And it has HUP, INT, QUIT, ABRT and TERM end a PID 1
// with 128+n until the runtime takes them: the kernel drops what PID 1 has no
// handler for, pid_namespaces(7).
TEXT launcher_entry(SB), NOSPLIT|NOFRAME, $0
	MOVQ $39, AX                  // getpid(2)
	SYSCALL
	XORQ R13, R13                 // the signals to handle
	CMPQ AX, $1
	JNE  mask
	MOVQ $0x4027, R13
mask:
	MOVQ $0, DI
	MOVQ $0, SI                   // no new mask
	LEAQ ·record+8(SB), DX
	MOVQ $8, R10
	MOVQ $14, AX                  // rt_sigprocmask(2)
	SYSCALL
	MOVQ $64, BX
	XORQ R12, R12
next:
	MOVQ BX, DI
	XORQ SI, SI
	LEAQ ·record+24(SB), DX       // a struct kernel_sigaction, whose handler is first
	MOVQ $8, R10
	MOVQ $13, AX                  // rt_sigaction(2)
	SYSCALL
	SHLQ $1, R12
	CMPQ ·record+24(SB), $1       // SIG_IGN
	JNE  heeded
	ORQ  $1, R12
	JMP  counted
heeded:
	MOVQ BX, CX
	DECQ CX
	MOVQ R13, R14
	SHRQ CX, R14
	ANDQ $1, R14
	JEQ  counted
	LEAQ launcher_end<>(SB), AX
	MOVQ AX, ·record+24(SB)
	MOVQ AX, ·record+40(SB)       // a restorer has to be there, and is not come to
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
	XORQ DX, DX                   // as the kernel has it here: nothing to call at the end
	JMP  _rt0_amd64_linux(SB)

// func endAddress() uintptr
TEXT ·endAddress(SB), NOSPLIT, $0-8
	LEAQ launcher_end<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// launcher_end is a signal handler, of the C calling convention.
TEXT launcher_end<>(SB), NOSPLIT|NOFRAME, $0
	ADDQ $128, DI
	MOVQ $231, AX                 // exit_group(2)
	SYSCALL
	INT  $3
