// SPDX-License-Identifier: Apache-2.0
#include "os/process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "capillaryx/error.h"

extern char** environ;  // NOLINT(readability-identifier-naming): the system's name

namespace capillaryx {
namespace {

[[noreturn]] void refuse(const std::string& what, int number) {
  std::string text = what + ": " + std::strerror(number);
  if (number == EAGAIN)
    text += " (the limit on processes and threads is reached: raise it, `ulimit -u`, or use fewer workers)";
  throw Error(ErrorKind::kExecutor, text);
}

struct SpawnSetting {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnSetting() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSetting() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

}  // namespace

Process::Process(const std::vector<std::string>& command, int handed) {
  SpawnSetting setting;
  posix_spawn_file_actions_addopen(&setting.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&setting.actions, STDERR_FILENO, STDOUT_FILENO);
  // dup2 onto itself takes close-on-exec away here (glibc 2.29), so that this works for every number.
  posix_spawn_file_actions_adddup2(&setting.actions, handed, kHandedDescriptor);
  posix_spawn_file_actions_addclosefrom_np(&setting.actions, kHandedDescriptor + 1);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&setting.attributes, &none);
  posix_spawnattr_setsigdefault(&setting.attributes, &all);
  posix_spawnattr_setpgroup(&setting.attributes, 0);
  posix_spawnattr_setflags(&setting.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);

  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t id = -1;
  const int error =
      ::posix_spawnp(&id, command.at(0).c_str(), &setting.actions, &setting.attributes, arguments.data(), environ);
  if (error != 0) refuse("the worker program '" + command[0] + "' cannot be started", error);
  id_ = id;
  descriptor_.reset(static_cast<int>(::syscall(SYS_pidfd_open, id, 0)));
  if (!descriptor_.valid()) {
    const int number = errno;
    ::kill(id, SIGKILL);
    ::waitpid(id, nullptr, 0);
    id_ = -1;
    refuse("a worker cannot be watched", number);
  }
}

Process::~Process() { end(); }

Process::Process(Process&& other) noexcept
    : id_(std::exchange(other.id_, -1)), descriptor_(std::move(other.descriptor_)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    end();
    id_ = std::exchange(other.id_, -1);
    descriptor_ = std::move(other.descriptor_);
  }
  return *this;
}

void Process::end() {
  if (id_ < 0) return;
  kill();
  wait();
}

void Process::kill() const {
  if (id_ >= 0) ::syscall(SYS_pidfd_send_signal, descriptor_.number(), SIGKILL, nullptr, 0);
}

bool Process::ended_by(std::chrono::steady_clock::time_point until) const {
  if (id_ < 0) return true;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd watched{descriptor_.number(), POLLIN, 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000)));
    if (ready > 0) return true;
    if (ready == 0 && left <= 0) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

std::string Process::wait() {
  if (id_ < 0) return "ended";
  siginfo_t info{};
  int result = 0;
  do {
    result = ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(descriptor_.number()), &info, WEXITED);
  } while (result != 0 && errno == EINTR);
  id_ = -1;
  // Where the program that we live in waits for every child itself, how it went is lost.
  if (result != 0) return "ended";
  if (info.si_code == CLD_EXITED) return "exited with code " + std::to_string(info.si_status);
  const char* name = ::sigabbrev_np(info.si_status);
  return name != nullptr ? std::string("killed by SIG") + name : "killed by signal " + std::to_string(info.si_status);
}

void die_with_parent() { ::prctl(PR_SET_PDEATHSIG, SIGKILL); }

void limit_memory(std::size_t bytes) {
  const rlimit limit{bytes, bytes};
  if (::setrlimit(RLIMIT_DATA, &limit) != 0) refuse("the memory limit cannot be set", errno);
}

std::string program_path() {
  std::string path(4096, '\0');
  const auto length = ::readlink("/proc/self/exe", path.data(), path.size());
  path.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  return path;
}

std::string file_that_holds(const void* address) {
  Dl_info info{};
  if (::dladdr(address, &info) == 0 || info.dli_fname == nullptr) return {};
  return info.dli_fname;
}

}  // namespace capillaryx
