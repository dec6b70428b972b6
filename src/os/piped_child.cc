// SPDX-License-Identifier: Apache-2.0
#include "os/piped_child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace capillaryx {
namespace {

constexpr int kCannotStart = 127;

// Everything that the child needs, made before the fork: after it only async-signal-safe calls are allowed.
struct ChildPlan {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  std::vector<std::pair<int, int>> descriptors;  // ours -> the child's
  int first_free = 3;                            // above all descriptors that the child has
  int report = -1;                               // where errno goes when the program cannot be started
  pid_t parent = 0;
  sock_fprog filter{};
};

[[noreturn]] void fail(const ChildPlan& plan) {
  const int error_number = errno;
  [[maybe_unused]] const ssize_t written = ::write(plan.report, &error_number, sizeof error_number);
  ::_exit(kCannotStart);
}

[[noreturn]] void run_child(ChildPlan& plan) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(plan);
  if (::getppid() != plan.parent) ::_exit(kCannotStart);  // it was gone before the line above
  ::setpgid(0, 0);
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);

  // First out of each other's way, then each to its place.
  const int report = ::fcntl(plan.report, F_DUPFD_CLOEXEC, plan.first_free);
  if (report < 0) fail(plan);
  plan.report = report;
  for (auto& [ours, child] : plan.descriptors) {
    ours = ::fcntl(ours, F_DUPFD_CLOEXEC, plan.first_free);
    if (ours < 0) fail(plan);
  }
  const int null = ::open("/dev/null", O_RDWR);
  if (null < 0) fail(plan);
  for (int standard_descriptor = 0; standard_descriptor < 3; ++standard_descriptor) {
    if (null != standard_descriptor && ::dup2(null, standard_descriptor) < 0) fail(plan);
  }
  // What others opened without O_CLOEXEC is not handed down either.
  if (plan.first_free > 3) ::syscall(SYS_close_range, 3U, static_cast<unsigned>(plan.first_free) - 1U, 0U);
  for (const auto& [ours, child] : plan.descriptors) {
    if (::dup2(ours, child) < 0) fail(plan);
  }
  ::syscall(SYS_close_range, plan.first_free, ~0U, CLOSE_RANGE_CLOEXEC);
  if (plan.filter.len > 0 && (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
                              ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &plan.filter) != 0)) {
    fail(plan);
  }
  ::execve(plan.arguments[0], plan.arguments.data(), plan.environment.data());
  fail(plan);
}

}  // namespace

PipedChild::PipedChild(const std::vector<std::string>& command, const std::vector<std::pair<int, int>>& descriptors,
                       const std::string& filter) {
  std::vector<std::string> environment = {"LC_ALL=C"};
  for (const char* const name : {"PATH", "LD_LIBRARY_PATH"}) {
    if (const char* const value = std::getenv(name)) environment.push_back(std::string(name) + "=" + value);
  }
  ChildPlan plan;
  for (const std::string& argument : command) plan.arguments.push_back(const_cast<char*>(argument.c_str()));
  for (const std::string& variable : environment) plan.environment.push_back(const_cast<char*>(variable.c_str()));
  plan.arguments.push_back(nullptr);
  plan.environment.push_back(nullptr);
  plan.descriptors = descriptors;
  for (const auto& pair : descriptors) plan.first_free = std::max(plan.first_free, pair.second + 1);
  plan.parent = ::getpid();
  std::vector<sock_filter> instructions(filter.size() / sizeof(sock_filter));
  if (!instructions.empty()) {
    std::memcpy(instructions.data(), filter.data(), instructions.size() * sizeof(sock_filter));
  }
  plan.filter = {static_cast<unsigned short>(instructions.size()), instructions.data()};

  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  plan.report = report[1];
  pid_ = ::fork();
  if (pid_ == 0) run_child(plan);
  const int fork_error = errno;
  ::close(report[1]);
  int child_error = 0;
  ssize_t got = 0;
  if (pid_ > 0) {
    do {
      got = ::read(report[0], &child_error, sizeof child_error);
    } while (got < 0 && errno == EINTR);
  }
  ::close(report[0]);
  if (pid_ < 0) throw std::system_error(fork_error, std::generic_category(), "fork");
  if (got > 0) {
    wait();
    throw std::system_error(child_error, std::generic_category(), command[0]);
  }
}

PipedChild::~PipedChild() {
  kill();
  wait();
}

int PipedChild::wait() {
  if (pid_ <= 0) return exit_code_;
  int status = 0;
  pid_t ended = 0;
  do {
    ended = ::waitpid(pid_, &status, 0);
  } while (ended < 0 && errno == EINTR);
  pid_ = -1;
  // A program that ignores SIGCHLD, or waits for every child itself, has taken how it went.
  exit_code_ = ended < 0 ? 0 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

void PipedChild::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

std::string find_program(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::string rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    std::string candidate = rest.substr(0, colon);
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    if (candidate.empty() || candidate[0] != '/') continue;  // never what happens to lie in the working folder
    candidate += "/";
    candidate += name;
    struct stat status {};
    if (::stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return "";
}

}  // namespace capillaryx
