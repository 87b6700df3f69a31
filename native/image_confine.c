/*
 * The image's process gives up what it never needs: other programs, the
 * network, other processes, the machine's settings, and making, renaming or
 * removing files.  It reads data of strangers with code that was made for a
 * kernel's trusted disks.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "image.h"

#if defined(__x86_64__)
#define	ARCH	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define	ARCH	AUDIT_ARCH_AARCH64
#endif

#ifdef ARCH

#define	AT(member)	((uint32_t)offsetof(struct seccomp_data, member))
#define	LOAD(member)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(member))
#define	ANSWER(action)	BPF_STMT(BPF_RET | BPF_K, (action))
#define	REFUSE(error)							\
	ANSWER(SECCOMP_RET_ERRNO | ((error) & SECCOMP_RET_DATA))
/* Run the next instruction where `value` was loaded, else skip it. */
#define	IF(value)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, 1)
#define	IF_ANY(bits)	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, 1)
#define	UNLESS_ANY(bits) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 1, 0)
#define	NO(name)	IF(__NR_##name), REFUSE(EPERM)

static int
refuse_calls(void)
{
	struct sock_filter filter[] = {
		/* In another architecture, the numbers mean other calls. */
		LOAD(arch),
		IF(ARCH),
		BPF_STMT(BPF_JMP | BPF_JA, 1),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
#if defined(__x86_64__)
		/* x32 has the same calls once more, with a bit set. */
		IF_ANY(0x40000000), REFUSE(ENOSYS),
#endif
		NO(execve), NO(execveat),
		NO(ptrace), NO(process_vm_readv), NO(process_vm_writev),
		NO(pidfd_open), NO(pidfd_getfd), NO(kcmp),
		NO(socket), NO(bind), NO(listen), NO(connect),
		NO(mount), NO(umount2), NO(pivot_root), NO(chroot),
		NO(open_tree), NO(move_mount), NO(fsopen), NO(fsmount),
		NO(setns), NO(unshare),
		NO(init_module), NO(finit_module), NO(delete_module),
		NO(kexec_load), NO(reboot), NO(swapon), NO(swapoff),
		NO(bpf), NO(perf_event_open), NO(userfaultfd),
		NO(io_uring_setup), NO(io_uring_enter), NO(io_uring_register),
		NO(keyctl), NO(add_key), NO(request_key),
		NO(open_by_handle_at), NO(acct), NO(quotactl),
		NO(settimeofday), NO(clock_settime), NO(clock_adjtime),
		NO(adjtimex),
		NO(sethostname), NO(setdomainname), NO(personality),
		NO(setuid), NO(setgid), NO(setreuid), NO(setregid),
		NO(setresuid), NO(setresgid), NO(setgroups), NO(capset),
		NO(unlinkat), NO(renameat), NO(renameat2), NO(mkdirat),
		NO(mknodat), NO(linkat), NO(symlinkat), NO(fchmodat),
		NO(fchmod), NO(fchownat), NO(fchown),
		NO(setxattr), NO(lsetxattr), NO(fsetxattr),
#if defined(__x86_64__)
		NO(kexec_file_load), NO(iopl), NO(ioperm), NO(fork), NO(vfork),
		NO(unlink), NO(rename), NO(mkdir), NO(rmdir), NO(mknod),
		NO(link), NO(symlink), NO(chmod), NO(chown), NO(lchown),
		NO(creat),
#endif
		/* A filter cannot see its arguments: they lie in memory. */
		IF(__NR_clone3), REFUSE(ENOSYS),
		/* Threads may be started, but no processes. */
		IF(__NR_clone),
		BPF_STMT(BPF_JMP | BPF_JA, 1),
		BPF_STMT(BPF_JMP | BPF_JA, 3),
		LOAD(args[0]),
		UNLESS_ANY(CLONE_THREAD), REFUSE(EPERM),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		.len = sizeof (filter) / sizeof (filter[0]),
		.filter = filter,
	};

	return (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ?
	    0 : errno);
}

#else

/* Calls have other numbers here, and nobody has tried them. */
static int
refuse_calls(void)
{
	return (0);
}

#endif

/*
 * Give all of it up, for this thread and the threads that it will start: call
 * this before there are others.  A kernel without seccomp returns EINVAL and
 * keeps the other limits.
 */
int
image_confine(void)
{
	const struct rlimit none = { 0, 0 };

	/* A core file would hold data of the pool. */
	if (setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return (errno);
	int error = refuse_calls();
	return (error == EINVAL ? 0 : error);
}
