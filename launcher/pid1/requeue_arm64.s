#include "textflag.h"

// func addresses() (handler, restorer uintptr)
TEXT ·addresses(SB), NOSPLIT, $0-16
	MOVD $requeue<>(SB), R0
	MOVD R0, handler+0(FP)
	MOVD $restore<>(SB), R0
	MOVD R0, restorer+8(FP)
	RET

// requeue is what it is in requeue_amd64.s.
TEXT requeue<>(SB), NOSPLIT|NOFRAME, $0
	MOVD $-1, R3
	MOVD R3, 40(R2)               // uc_sigmask
	MOVD R1, R2
	MOVD R0, R1
	MOVD R0, R6
	MOVD $172, R8                 // getpid
	SVC
	MOVD $138, R8                 // rt_sigqueueinfo
	SVC
	CBZ  R0, sent
	MOVD $172, R8
	SVC
	MOVD R6, R1
	MOVD $129, R8                 // kill
	SVC
sent:
	MOVD $·requeued(SB), R3
again:
	LDAXR (R3), R4
	ADD   $1, R4
	STLXR R4, (R3), R5
	CBNZ  R5, again
	RET

TEXT restore<>(SB), NOSPLIT|NOFRAME, $0
	MOVD $139, R8                 // rt_sigreturn
	SVC
	BRK
