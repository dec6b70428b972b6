// SPDX-License-Identifier: Apache-2.0
#include "os/process_tree.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

namespace capillaryx {
namespace {

TEST(ProcessTree, HoldsThisProcessFirstAndItsChildren) {
  int gate[2];
  ASSERT_EQ(::pipe(gate), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    ::close(gate[1]);
    _exit(::read(gate[0], &byte, 1) < 0 ? 1 : 0);
  }
  const auto tree = process_tree(true);
  ::close(gate[0]);
  ::close(gate[1]);
  ::waitpid(child, nullptr, 0);
  ASSERT_GE(tree.size(), 2U);
  EXPECT_EQ(tree[0].process, ::getpid());
  EXPECT_GT(tree[0].peak_bytes, 1'000'000);
  EXPECT_GT(tree[0].resident_bytes, 100'000);
  bool found = false;
  for (const ProcessUse& use : tree) found |= use.process == child;
  EXPECT_TRUE(found);
}

TEST(ProcessTree, CountsCpuTime) {
  const double before = process_tree(false)[0].cpu_s;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  volatile unsigned work = 0;
  while (process_tree(false)[0].cpu_s < before + 0.05 && std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 1'000'000; ++i) work = work + 1;
  }
  EXPECT_GE(process_tree(false)[0].cpu_s, before + 0.05);
}

}  // namespace
}  // namespace capillaryx
