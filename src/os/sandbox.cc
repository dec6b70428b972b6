// SPDX-License-Identifier: Apache-2.0
#include "os/sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "capillaryx/error.h"
#include "os/descriptor.h"

namespace capillaryx {
namespace {

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

/// What a worker of ours needs once it has warmed up. Descriptors come over its socket; none can be opened.
constexpr std::array kCompute{
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(readv),
    SCMP_SYS(preadv),
    SCMP_SYS(write),
    SCMP_SYS(pwrite64),
    SCMP_SYS(writev),
    SCMP_SYS(pwritev),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fcntl),
    SCMP_SYS(fadvise64),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mincore),
    SCMP_SYS(brk),
    SCMP_SYS(membarrier),
    SCMP_SYS(get_mempolicy),
    SCMP_SYS(mbind),
    SCMP_SYS(futex),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getcpu),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrusage),
    SCMP_SYS(times),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

// A build with sanitizers needs more: UBSan asks through a pipe whether the memory behind a virtual call is there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::array kSanitizer{SCMP_SYS(pipe), SCMP_SYS(pipe2)};
#else
constexpr std::array<int, 0> kSanitizer{};
#endif

/// What even an algorithm of the user's own has no business with.
constexpr std::array kForbidden{
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(rt_sigqueueinfo),
    SCMP_SYS(rt_tgsigqueueinfo),
    SCMP_SYS(socket),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(bpf),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(creat),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
    SCMP_SYS(rmdir),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(symlink),
    SCMP_SYS(symlinkat),
    SCMP_SYS(truncate),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(chown),
    SCMP_SYS(lchown),
    SCMP_SYS(fchownat),
    SCMP_SYS(setxattr),
    SCMP_SYS(lsetxattr),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(utimensat),
};

/// A call of the kernel's that this machine's architecture does not have is no reason to fail.
int add(scmp_filter_ctx filter, uint32_t action, int call) {
  const int error = seccomp_rule_add(filter, action, call, 0);
  return error == -EDOM || error == -EACCES ? 0 : error;
}

int allow_compute(scmp_filter_ctx filter) {
  int error = 0;
  for (const int call : kCompute) {
    if (error == 0) error = add(filter, SCMP_ACT_ALLOW, call);
  }
  for (const int call : kSanitizer) {
    if (error == 0) error = add(filter, SCMP_ACT_ALLOW, call);
  }
  // Threads, but no processes: clone says so in its flags; clone3 hides them, and the C library does without it.
  constexpr auto kThread = CLONE_VM | CLONE_THREAD;
  if (error == 0) {
    error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, kThread, kThread));
  }
  if (error == 0) error = add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
  if (error == 0) {
    error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
  }
  // Its own signals (abort), its own limits (read only: the new limit is null).
  const auto self = static_cast<scmp_datum_t>(::getpid());
  if (error == 0) error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, self));
  if (error == 0) error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
  return error;
}

// With `program`, what starting it takes is left.
int forbid_the_rest(scmp_filter_ctx filter, bool program, bool devices) {
  constexpr uint32_t kRefuse = SCMP_ACT_ERRNO(EACCES);
  int error = 0;
  for (const int call : kForbidden) {
    if (program && call == SCMP_SYS(execve)) continue;
    if (error == 0) error = add(filter, kRefuse, call);
  }
  if (error == 0) error = add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
  if (error == 0) error = add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2));
  if (error == 0) {
    error = seccomp_rule_add(filter, kRefuse, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  }
  for (const scmp_datum_t flag : {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC}) {
    if (devices && flag == O_RDWR) continue;
    if (error == 0) {
      error = seccomp_rule_add(filter, kRefuse, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, flag, flag));
    }
    if (error == 0) {
      error = seccomp_rule_add(filter, kRefuse, SCMP_SYS(open), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, flag, flag));
    }
  }
  if (program) return error;  // its own number is not known yet
  const auto self = static_cast<scmp_datum_t>(::getpid());
  if (error == 0) error = seccomp_rule_add(filter, kRefuse, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_NE, self));
  return error;
}

}  // namespace

std::string lock_down(SandboxLevel level) {
  const bool strict = level == SandboxLevel::kStrict;
  const Filter filter(seccomp_init(strict ? SCMP_ACT_ERRNO(EACCES) : SCMP_ACT_ALLOW), &seccomp_release);
  if (!filter) return "the sandbox cannot be set up";
  int error = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  if (error == 0) error = seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EACCES));
  if (error == 0) error = strict ? allow_compute(filter.get()) : forbid_the_rest(filter.get(), false, false);
  if (error == 0) error = seccomp_load(filter.get());
  return error == 0 ? std::string() : std::string("the kernel refuses the sandbox: ") + std::strerror(-error);
}

std::string program_filter(bool devices) {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release);
  int error = filter ? 0 : -ENOMEM;
  if (error == 0) error = seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EACCES));
  if (error == 0) error = forbid_the_rest(filter.get(), true, devices);
  const Descriptor memory(::memfd_create("filter", MFD_CLOEXEC));
  if (error == 0 && !memory.valid()) error = -errno;
  if (error == 0) error = seccomp_export_bpf(filter.get(), memory.number());
  std::string program(65'536, '\0');  // the kernel takes 4096 instructions of 8 bytes
  const ssize_t size = error == 0 ? ::pread(memory.number(), program.data(), program.size(), 0) : 0;
  if (size <= 0) {
    throw Error(ErrorKind::kExecutor,
                std::string("the sandbox of a program cannot be set up: ") + std::strerror(-error));
  }
  program.resize(static_cast<std::size_t>(size));
  return program;
}

}  // namespace capillaryx
