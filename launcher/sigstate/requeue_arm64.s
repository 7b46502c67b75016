//go:build linux && (amd64 || arm64) && !portable

#include "textflag.h"

// func requeueAddresses() (handler, restorer uintptr)
TEXT ·requeueAddresses(SB), NOSPLIT, $0-16
	MOVD $requeue<>(SB), R0
	MOVD R0, handler+0(FP)
	MOVD $restore<>(SB), R0
	MOVD R0, restorer+8(FP)
	RET

// requeue does what it does in requeue_amd64.s.
TEXT requeue<>(SB), NOSPLIT|NOFRAME, $0
	MOVD $-1, R3
	MOVD R3, 40(R2)               // uc_sigmask
	MOVD R1, R2
	MOVD R0, R1
	MOVD R0, R6
	MOVD $172, R8                 // getpid(2)
	SVC
	MOVW 8(R2), R4                // si_code
	CMNW $6, R4                   // SI_TKILL
	BNE  send
	MOVW 16(R2), R4               // si_pid
	CMPW R0, R4
	BNE  send
	CMPW $23, R6                  // SIGURG
	BEQ  done
	ADD  $128, R6, R0
	MOVD $94, R8                  // exit_group(2)
	SVC
send:
	MOVD $138, R8                 // rt_sigqueueinfo(2)
	SVC
	CBZ  R0, done
	MOVD $172, R8
	SVC
	MOVD R6, R1
	MOVD $129, R8                 // kill(2)
	SVC
done:
	RET

TEXT restore<>(SB), NOSPLIT|NOFRAME, $0
	MOVD $139, R8                 // rt_sigreturn(2)
	SVC
	BRK
