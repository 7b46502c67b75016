//go:build linux && (amd64 || arm64) && !portable

#include "textflag.h"

// func requeueAddresses() (handler, restorer uintptr)
TEXT ·requeueAddresses(SB), NOSPLIT, $0-16
	LEAQ requeue<>(SB), AX
	MOVQ AX, handler+0(FP)
	LEAQ restore<>(SB), AX
	MOVQ AX, restorer+8(FP)
	RET

// requeue is a signal handler: number, siginfo and context in DI, SI and DX, as
// in C. It blocks all signals in the thread that it returns to, and sends the
// same signal with the same siginfo to the process again; if the kernel refuses
// that, without the siginfo. What the Go runtime sends its own thread (SI_TKILL,
// with this process as the sender) is not sent again: by SIGURG it interrupts the
// thread, and by any other signal it is about to end the program.
TEXT requeue<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ $-1, AX
	MOVQ AX, 296(DX)              // uc_sigmask
	MOVQ $39, AX                  // getpid(2)
	SYSCALL
	CMPL 8(SI), $-6               // si_code, SI_TKILL
	JNE  send
	CMPL 16(SI), AX               // si_pid
	JNE  send
	CMPL DI, $23                  // SIGURG
	JEQ  done
	ADDQ $128, DI
	MOVQ $231, AX                 // exit_group(2)
	SYSCALL
send:
	MOVQ SI, DX
	MOVQ DI, SI
	MOVQ AX, DI
	MOVQ $129, AX                 // rt_sigqueueinfo(2)
	SYSCALL
	TESTQ AX, AX
	JEQ  done
	MOVQ $62, AX                  // kill(2)
	SYSCALL
done:
	RET

TEXT restore<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ $15, AX                  // rt_sigreturn(2)
	SYSCALL
	INT  $3
