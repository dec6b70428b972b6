// SPDX-License-Identifier: Apache-2.0
// Memory is used again: a fresh buffer of a frame's size costs milliseconds of page faults.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "analysis/capillary_analyzer.h"
#include "analysis/density.h"
#include "analysis/network_input.h"
#include "analysis/proposer.h"
#include "analysis/test_frames.h"

namespace {

// What this thread asks for while it counts.
struct Asked {
  bool counting = false;
  long times = 0;
  std::size_t largest_bytes = 0;
};
thread_local Asked asked;

[[maybe_unused]] void* allocate(std::size_t bytes, std::size_t alignment) {
  if (asked.counting) {
    ++asked.times;
    asked.largest_bytes = std::max(asked.largest_bytes, bytes);
  }
  const std::size_t rounded = (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  void* const memory =
      alignment > alignof(std::max_align_t) ? std::aligned_alloc(alignment, rounded) : std::malloc(rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Sanitizers have their own operators, which these must not replace.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAPILLARYX_COUNTS_MEMORY 0
#else
#define CAPILLARYX_COUNTS_MEMORY 1
// Not inlined: GCC 12 may inline `delete` but not `new`, and then takes `free` for a mismatch.
void* operator new(std::size_t bytes) { return allocate(bytes, 1); }
void* operator new[](std::size_t bytes) { return allocate(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif

namespace capillaryx {
namespace {

template <class Work>
Asked count(Work&& work) {
  asked = {true, 0, 0};
  work();
  asked.counting = false;
  return asked;
}

TEST(Memory, IsNotAskedForByAStageThatHasSeenAFrameOfTheSize) {
  if (CAPILLARYX_COUNTS_MEMORY == 0) GTEST_SKIP() << "skipped: a sanitizer's operator new does not count";
  const test::Picture first = test::tissue(640, 480, 12, 1), second = test::tissue(640, 480, 12, 2);
  const Options options;
  NetworkSpec spec;
  spec.width = spec.height = 32;
  spec.channels = 4;
  NetworkInputMaker maker(spec);
  std::vector<float> input(static_cast<std::size_t>(spec.input_size()));
  Proposer proposer;
  DensityStage density;
  std::vector<float> scores;
  const auto analyze = [&](const test::Picture& picture) {
    proposer.propose(picture.view(), options);
    maker.start(picture.view(), proposer.reduced, proposer.background, proposer.found.runs);
    for (const Roi& roi : proposer.found.rois) maker.fill(roi, input);
    density.measure_regions(proposer, options.min_depth);
    scores.assign(density.rois().size(), 1);
    density.draw_chosen(proposer, 0.5, scores);
  };
  analyze(second);
  analyze(first);
  ASSERT_FALSE(proposer.found.rois.empty());
  EXPECT_EQ(count([&] { analyze(first); }).times, 0);
  EXPECT_EQ(count([&] { analyze(second); }).times, 0);
}

TEST(Memory, AskedForByAWholeFrameIsThatOfItsResult) {
  if (CAPILLARYX_COUNTS_MEMORY == 0) GTEST_SKIP() << "skipped: a sanitizer's operator new does not count";
  const auto analyzer = make_capillary_analyzer({});
  const Frame frame = test::tissue(640, 480, 12).frame();
  analyzer->analyze(frame);
  const Asked used = count([&] { analyzer->analyze(frame); });
  EXPECT_GT(used.times, 0);
  EXPECT_LT(used.largest_bytes, 16384U);
}

}  // namespace
}  // namespace capillaryx
