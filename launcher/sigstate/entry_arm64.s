//go:build linux && (amd64 || arm64) && !portable

#include "textflag.h"

// launcher_entry does what it does in entry_amd64.s.
TEXT launcher_entry(SB), NOSPLIT|NOFRAME, $0
	MOVD $4, R0                   // PR_SET_DUMPABLE
	MOVD $0, R1
	MOVD $167, R8                 // prctl(2)
	SVC
	MOVD $2, R0                   // SIG_SETMASK
	MOVD $·everySignal(SB), R1
	MOVD $·record+8(SB), R2
	MOVD $8, R3
	MOVD $135, R8                 // rt_sigprocmask(2)
	SVC
	MOVD $172, R8                 // getpid(2)
	SVC
	MOVD $0, R12                  // the signals to handle
	CMP  $1, R0
	BNE  record
	MOVD $0x4027, R12
record:
	MOVD $64, R9
	MOVD $0, R10
next:
	MOVD R9, R0
	MOVD $0, R1
	MOVD $·record+24(SB), R2      // a struct kernel_sigaction; the handler is its first member
	MOVD $8, R3
	MOVD $134, R8                 // rt_sigaction(2)
	SVC
	LSL  $1, R10, R10
	MOVD ·record+24(SB), R11
	CMP  $1, R11                  // SIG_IGN
	BNE  handle
	ORR  $1, R10, R10
	B    counted
handle:
	SUB  $1, R9, R11
	LSR  R11, R12, R11
	AND  $1, R11, R11
	CBZ  R11, counted
	MOVD $end<>(SB), R11
	MOVD R11, ·record+24(SB)
	MOVD ZR, ·record+32(SB)
	MOVD R9, R0
	MOVD $·record+24(SB), R1
	MOVD $0, R2
	MOVD $8, R3
	MOVD $134, R8
	SVC
counted:
	SUB  $1, R9, R9
	CBNZ R9, next
	MOVD R10, ·record+16(SB)
	MOVD $1, R11
	MOVD R11, ·record+0(SB)
	MOVD $0, R0                   // as the kernel leaves it: no function to call at exit
	JMP  _rt0_arm64_linux(SB)

// end is a signal handler, with the signal's number in R0, as in C.
TEXT end<>(SB), NOSPLIT|NOFRAME, $0
	ADD  $128, R0
	MOVD $94, R8                  // exit_group(2)
	SVC
	BRK
