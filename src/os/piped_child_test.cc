// SPDX-License-Identifier: Apache-2.0
#include "os/piped_child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <system_error>

#include "os/sandbox.h"

namespace capillaryx {
namespace {

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }
  ~Pipe() {
    ::close(ends[0]);
    close_writing();
  }
  void close_writing() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  std::string read_all() {
    close_writing();
    std::string text;
    char part[1000];
    for (ssize_t got = 0; (got = ::read(ends[0], part, sizeof part)) > 0;)
      text.append(part, static_cast<std::size_t>(got));
    return text;
  }
  int ends[2] = {-1, -1};
};

TEST(PipedChild, HasTheDescriptorsThatItIsHandedAndNoOther) {
  // Neither O_CLOEXEC nor its number keeps this one out of the child by itself.
  const int stray = ::fcntl(STDERR_FILENO, F_DUPFD, 50);
  Pipe out;
  Pipe other;
  PipedChild child({"/bin/sh", "-c", "echo to-7 >&7; ls /proc/self/fd | tr '\\n' ' '"},
                   {{out.ends[1], 1}, {other.ends[1], 7}});
  // Of `ls` itself: 0, 1, 2, 7, and one that reads the folder.
  EXPECT_EQ(out.read_all(), "0 1 2 3 7 ");
  EXPECT_EQ(other.read_all(), "to-7\n");
  EXPECT_EQ(child.wait(), 0);
  ::close(stray);
}

TEST(PipedChild, MayHaveDescriptorsThatCrossOver) {
  Pipe a;
  Pipe b;
  if (a.ends[1] > 9 || b.ends[1] > 9) GTEST_SKIP() << "the shell takes numbers of one digit only";
  PipedChild child(
      {"/bin/sh", "-c", "echo A >&" + std::to_string(b.ends[1]) + "; echo B >&" + std::to_string(a.ends[1])},
      {{a.ends[1], b.ends[1]}, {b.ends[1], a.ends[1]}});
  EXPECT_EQ(a.read_all(), "A\n");
  EXPECT_EQ(b.read_all(), "B\n");
}

TEST(PipedChild, TellsItsExitCodeOrItsSignal) {
  EXPECT_EQ(PipedChild({"/bin/sh", "-c", "exit 7"}, {}).wait(), 7);
  EXPECT_EQ(PipedChild({"/bin/sh", "-c", "kill -TERM $$"}, {}).wait(), 128 + SIGTERM);
}

TEST(PipedChild, IsEndedAndReapedByTheDestructor) {
  Pipe out;
  pid_t pid = 0;
  {
    PipedChild child({"/bin/sh", "-c", "echo $$; exec sleep 1000"}, {{out.ends[1], 1}});
    out.close_writing();
    char text[20] = {};
    ASSERT_GT(::read(out.ends[0], text, sizeof text - 1), 0);
    pid = std::atoi(text);
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST(PipedChild, IsOutOfReachOfCtrlC) {
  Pipe out;
  PipedChild child({"/bin/sh", "-c", "cut -d' ' -f5 /proc/self/stat; echo $$"}, {{out.ends[1], 1}});
  const std::string text = out.read_all();
  const std::string group = text.substr(0, text.find('\n'));
  EXPECT_EQ(text, group + "\n" + group + "\n");
  EXPECT_NE(group, std::to_string(::getpgrp()));
}

TEST(PipedChild, GetsNoEnvironmentButWhereProgramsAre) {
  ::setenv("CAPILLARYX_TEST_SECRET", "1", 1);
  Pipe out;
  PipedChild child({"/usr/bin/env"}, {{out.ends[1], 1}});
  const std::string text = out.read_all();
  EXPECT_EQ(text.find("SECRET"), std::string::npos);
  EXPECT_NE(text.find("PATH="), std::string::npos);
  ::unsetenv("CAPILLARYX_TEST_SECRET");
}

TEST(PipedChild, SaysWhatCannotBeStarted) { EXPECT_THROW(PipedChild({"/nowhere/program"}, {}), std::system_error); }

TEST(PipedChild, UnderAFilterReadsButNeitherWritesNorSpeaksToTheNetwork) {
  const auto run = [](const std::string& script, bool devices) {
    return PipedChild({"/bin/bash", "-c", script}, {}, program_filter(devices)).wait();
  };
  const std::string file = "/tmp/capillaryx_piped_child_" + std::to_string(::getpid());
  EXPECT_EQ(run("read -r line < /etc/passwd", false), 0);
  EXPECT_NE(run("echo x > " + file, false), 0);
  EXPECT_NE(run("echo x > " + file, true), 0);
  EXPECT_NE(::access(file.c_str(), F_OK), 0);
  EXPECT_NE(run("exec 5<> /dev/null", false), 0);
  EXPECT_NE(run("exec 5<> /dev/tcp/127.0.0.1/9", false), 0);
  EXPECT_NE(run("/bin/true; exit $?", false), 0) << "a process could be made";
  EXPECT_NE(run("kill -0 " + std::to_string(::getpid()), false), 0);
}

TEST(FindProgram, LooksThroughPath) {
  EXPECT_EQ(find_program("no-such-program-at-all"), "");
  EXPECT_NE(find_program("sh"), "");
  EXPECT_EQ(find_program("sh")[0], '/');
}

}  // namespace
}  // namespace capillaryx
