#include "textflag.h"

DATA launcher_all<>+0(SB)/8, $0xffffffffffffffff
GLOBL launcher_all<>(SB), RODATA, $8

// launcher_entry is what it is in entry_amd64.s.
TEXT launcher_entry(SB), NOSPLIT|NOFRAME, $0
	MOVD $172, R8                 // getpid(2)
	SVC
	MOVD R0, R9
	MOVD $0, R1                   // no new mask
	CMP  $1, R9
	BNE  mask
	MOVD $launcher_all<>(SB), R1
mask:
	MOVD $2, R0                   // SIG_SETMASK
	MOVD $·record+8(SB), R2
	MOVD $8, R3
	MOVD $135, R8                 // rt_sigprocmask(2)
	SVC
	MOVD $64, R9
	MOVD $0, R10
next:
	MOVD R9, R0
	MOVD $0, R1
	MOVD $·record+24(SB), R2      // the kernel's struct, whose handler is first
	MOVD $8, R3
	MOVD $134, R8                 // rt_sigaction(2)
	SVC
	LSL  $1, R10, R10
	MOVD ·record+24(SB), R11
	CMP  $1, R11                  // SIG_IGN
	BNE  counted
	ORR  $1, R10, R10
counted:
	SUB  $1, R9, R9
	CBNZ R9, next
	MOVD R10, ·record+16(SB)
	MOVD $1, R11
	MOVD R11, ·record+0(SB)
	MOVD $0, R0                   // as the kernel has it here: nothing to call at the end
	JMP  _rt0_arm64_linux(SB)
