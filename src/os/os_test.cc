// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "capillaryx/error.h"
#include "os/event_loop.h"
#include "os/message_socket.h"
#include "os/process.h"
#include "os/sandbox.h"

namespace capillaryx {
namespace {

using Outcome = MessageSocket::Outcome;

TEST(EventLoop, WakesForWorkFromAnotherThreadAndDoesAllOfItInOrder) {
  EventLoop loop;
  std::vector<int> done;
  std::thread other([mailbox = loop.mailbox(), &done] {
    for (int i = 0; i < 100; ++i) mailbox->post([i, &done] { done.push_back(i); });
  });
  while (done.size() < 100) loop.run_once(std::nullopt);
  other.join();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(done[static_cast<std::size_t>(i)], i);
}

TEST(EventLoop, ComesBackWhenTheMomentHasCome) {
  EventLoop loop;
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  loop.run_once(until);
  EXPECT_GE(std::chrono::steady_clock::now(), until);
}

TEST(EventLoop, ACallbackMayEndItsOwnWatch) {
  EventLoop loop;
  auto [ours, theirs] = MessageSocket::make_pair();
  int calls = 0;
  const int descriptor = ours.descriptor();
  loop.watch(descriptor, [&calls, &loop, descriptor] {
    ++calls;
    loop.unwatch(descriptor);
  });
  theirs.close();
  loop.run_once(std::nullopt);
  loop.run_once(std::chrono::steady_clock::now());
  EXPECT_EQ(calls, 1);
}

TEST(MessageSocket, KeepsMessagesWholeAndTheirDescriptorsWithThem) {
  auto [ours, theirs] = MessageSocket::make_pair();
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const std::vector<std::uint8_t> first{1, 2, 3};
  const std::vector<std::uint8_t> second(100'000, 9);
  const int handed[] = {writing.number()};
  EXPECT_EQ(ours.send(first, handed, false), Outcome::kDone);
  EXPECT_EQ(ours.send(second, {}, false), Outcome::kDone);
  MessageBuffer buffer;
  std::vector<Descriptor> descriptors;
  ASSERT_EQ(theirs.receive(buffer, descriptors, false), Outcome::kDone);
  EXPECT_THAT(buffer.bytes(), ::testing::ElementsAreArray(first));
  ASSERT_EQ(descriptors.size(), 1U);
  EXPECT_EQ(::write(descriptors[0].number(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(reading.number(), &byte, 1), 1);
  ASSERT_EQ(theirs.receive(buffer, descriptors, false), Outcome::kDone);
  EXPECT_THAT(buffer.bytes(), ::testing::ElementsAreArray(second));
  EXPECT_TRUE(descriptors.empty());
  EXPECT_EQ(theirs.receive(buffer, descriptors, false), Outcome::kWouldBlock);
  ours.close();
  EXPECT_EQ(theirs.receive(buffer, descriptors, false), Outcome::kClosed);
  EXPECT_NE(theirs.send(first, {}, false), Outcome::kDone) << "and no SIGPIPE";
}

TEST(MessageSocket, LosesNothingOfAPeerThatGoesWithMessagesUnread) {
  auto [ours, theirs] = MessageSocket::make_pair();
  const std::vector<std::uint8_t> message{1, 2, 3};
  EXPECT_EQ(ours.send(message, {}, false), Outcome::kDone);
  EXPECT_EQ(theirs.send(message, {}, false), Outcome::kDone);
  EXPECT_EQ(theirs.send(message, {}, false), Outcome::kDone);
  theirs.close();
  MessageBuffer buffer;
  std::vector<Descriptor> descriptors;
  EXPECT_EQ(ours.receive(buffer, descriptors, false), Outcome::kDone);
  EXPECT_THAT(buffer.bytes(), ::testing::ElementsAreArray(message));
  EXPECT_EQ(ours.receive(buffer, descriptors, false), Outcome::kDone);
  EXPECT_EQ(ours.receive(buffer, descriptors, false), Outcome::kClosed);
}

TEST(MessageSocket, RefusesMessagesThatAreTooLong) {
  auto [ours, theirs] = MessageSocket::make_pair();
  const std::vector<std::uint8_t> long_message(MessageSocket::kMaxMessageBytes + 1);
  EXPECT_EQ(ours.send(long_message, {}, false), Outcome::kBroken);
  // The same from a sender that does not keep to it.
  ASSERT_GT(::send(ours.descriptor(), long_message.data(), long_message.size(), 0), 0);
  MessageBuffer buffer;
  std::vector<Descriptor> descriptors;
  EXPECT_EQ(theirs.receive(buffer, descriptors, false), Outcome::kBroken);
}

TEST(Process, SaysHowItsChildEnded) {
  auto [ours, theirs] = MessageSocket::make_pair();
  EXPECT_EQ(Process({"sh", "-c", "exit 7"}, theirs.descriptor()).wait(), "exited with code 7");
  EXPECT_EQ(Process({"sh", "-c", "kill -SEGV $$"}, theirs.descriptor()).wait(), "killed by SIGSEGV");
  Process sleeping({"sleep", "100"}, theirs.descriptor());
  ::kill(sleeping.id(), SIGSTOP);
  sleeping.kill();
  EXPECT_EQ(sleeping.wait(), "killed by SIGKILL");
  EXPECT_THROW(Process({"/no/such/program"}, theirs.descriptor()), Error);
}

TEST(Process, HandsOverOneDescriptorAndNothingElse) {
  auto [ours, theirs] = MessageSocket::make_pair();
  const int leaked = ::open("/dev/null", O_RDONLY);  // NOLINT: without O_CLOEXEC, as careless programs do
  Process child({"sh", "-c", "test -e /proc/$$/fd/3 && ! test -e /proc/$$/fd/" + std::to_string(leaked)},
                theirs.descriptor());
  EXPECT_EQ(child.wait(), "exited with code 0");
  ::close(leaked);
}

TEST(Process, IsGoneWhenItsOwnerIs) {
  auto [ours, theirs] = MessageSocket::make_pair();
  int id = -1;
  {
    const Process child({"sleep", "100"}, theirs.descriptor());
    id = child.id();
    EXPECT_EQ(::kill(id, 0), 0);
  }
  EXPECT_NE(::kill(id, 0), 0);
  EXPECT_EQ(errno, ESRCH);
}

/// Runs `tries` in a child process (the sandbox cannot be taken off again); its result is the exit code.
int in_child(const std::function<int()>& tries) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(tries());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// 0 where the system answered with a refusal.
int refused(long result) { return result < 0 && (errno == EACCES || errno == EPERM || errno == ENOSYS) ? 0 : 1; }

/// How many of these went through.
int try_what_is_forbidden() {
  int wrong = 0;
  wrong += refused(::open("/tmp/capillaryx_sandbox_test", O_WRONLY | O_CREAT, 0600));
  wrong += refused(::open("/etc/passwd", O_RDWR));
  wrong += refused(::socket(AF_INET, SOCK_STREAM, 0));
  wrong += refused(::socket(AF_UNIX, SOCK_STREAM, 0));
  wrong += refused(::kill(::getppid(), 0));
  wrong += refused(::unlink("/tmp/capillaryx_sandbox_test"));
  wrong += refused(::mkdir("/tmp/capillaryx_sandbox_test", 0700));
  char* const nothing[] = {nullptr};
  wrong += refused(::execve("/bin/true", nothing, nothing));
  wrong += refused(::fork());
  return wrong;
}

TEST(Sandbox, StrictRefusesFilesSocketsProgramsAndSignalsWithAnError) {
  EXPECT_EQ(in_child([] {
              if (!lock_down(SandboxLevel::kStrict).empty()) return 100;
              return try_what_is_forbidden() + refused(::open("/etc/passwd", O_RDONLY));
            }),
            0);
}

TEST(Sandbox, HoldsForThreadsThatRunAlready) {
  EXPECT_EQ(in_child([] {
              std::atomic<int> stage = 0;
              int wrong = 100;
              std::thread early([&] {
                while (stage == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                wrong = refused(::open("/etc/passwd", O_RDONLY)) + try_what_is_forbidden();
              });
              const auto problem = lock_down(SandboxLevel::kStrict);
              stage = 1;
              early.join();
              return problem.empty() ? wrong : 101;
            }),
            0);
}

TEST(Sandbox, StrictLeavesComputingThreadsAndOpenDescriptors) {
  EXPECT_EQ(in_child([] {
              int ends[2];
              if (::pipe(ends) != 0 || !lock_down(SandboxLevel::kStrict).empty()) return 100;
              std::vector<std::uint8_t> memory(50'000'000, 1);
              int sum = 0;
              std::thread thread([&] { sum = memory[49'999'999]; });
              thread.join();
              char byte = 'x';
              if (::write(ends[1], &byte, 1) != 1 || ::read(ends[0], &byte, 1) != 1) return 101;
              return sum == 1 ? 0 : 102;
            }),
            0);
}

TEST(Sandbox, TheWeakerLevelStillReadsFiles) {
  EXPECT_EQ(in_child([] {
              if (!lock_down(SandboxLevel::kReadFiles).empty()) return 100;
              const int passwd = ::open("/etc/passwd", O_RDONLY);
              return passwd >= 0 ? try_what_is_forbidden() : 101;
            }),
            0);
}

}  // namespace
}  // namespace capillaryx
