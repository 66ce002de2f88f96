package sqlite

import "syscall"

// yield lets another thread have the processor that waits for one. Without it the system lets who computes go on for some
// milliseconds while a call waits that would be answered in a tenth of one. If nobody waits it costs less than a microsecond.
func yield() { _, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }
