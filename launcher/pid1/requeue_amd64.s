#include "textflag.h"

// func addresses() (handler, restorer uintptr)
TEXT ·addresses(SB), NOSPLIT, $0-16
	LEAQ requeue<>(SB), AX
	MOVQ AX, handler+0(FP)
	LEAQ restore<>(SB), AX
	MOVQ AX, restorer+8(FP)
	RET

// requeue is a signal handler, of the C calling convention: signal, info and
// context. It blocks all signals in the thread that it returns to, and sends the
// process the same signal again, with its value where it has one:
// rt_sigqueueinfo(2) refuses a thread that is not the first any other.
TEXT requeue<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ $-1, AX
	MOVQ AX, 296(DX)              // uc_sigmask
	MOVQ $39, AX                  // getpid
	SYSCALL
	MOVQ SI, DX
	MOVQ DI, SI
	MOVQ AX, DI
	MOVQ $129, AX                 // rt_sigqueueinfo
	SYSCALL
	TESTQ AX, AX
	JEQ  sent
	MOVQ $62, AX                  // kill
	SYSCALL
sent:
	LOCK
	INCQ ·requeued(SB)
	RET

TEXT restore<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ $15, AX                  // rt_sigreturn
	SYSCALL
	INT  $3
