// SPDX-License-Identifier: Apache-2.0
#include "store/object_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

static_assert(!std::is_copy_constructible_v<ObjectStore::Loan>);
static_assert(!std::is_copy_constructible_v<SealedObject>);

Descriptor copy_of(int descriptor) { return Descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0)); }

TEST(ObjectStore, AReaderSeesWhatWasSealed) {
  ObjectStore store(1 << 20);
  const ObjectReader reader(copy_of(store.descriptor()));
  auto loan = store.loan(10'000);
  ASSERT_TRUE(loan);
  std::fill(loan->bytes().begin(), loan->bytes().end(), 7);
  const SealedObject object = std::move(*loan).seal();
  const auto bytes = reader.read(object.place());
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->size(), 10'000U);
  EXPECT_TRUE(std::all_of(bytes->begin(), bytes->end(), [](std::uint8_t byte) { return byte == 7; }));
}

TEST(ObjectStore, SaysClearlyThatItIsFullAndHasRoomAgainWhenAnObjectGoes) {
  ObjectStore store(8 * 4096);
  auto first = store.loan(4 * 4096);
  auto second = store.loan(4 * 4096);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(store.loan(1));
  {
    const SealedObject object = std::move(*first).seal();
    EXPECT_FALSE(store.loan(1));
  }
  EXPECT_TRUE(store.loan(4 * 4096));
  second.reset();
  EXPECT_EQ(store.used_bytes(), 0U);
  EXPECT_TRUE(store.loan(8 * 4096)) << "freed neighbours are joined";
  EXPECT_FALSE(store.loan(8 * 4096 + 1));
  EXPECT_FALSE(store.loan(0));
}

TEST(ObjectStore, NobodyElseCanWriteOrCutIt) {
  ObjectStore store(1 << 20);
  const Descriptor reader = copy_of(store.descriptor());
  EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reader.number(), 0), MAP_FAILED);
  void* mapped = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, reader.number(), 0);
  ASSERT_NE(mapped, MAP_FAILED);
  EXPECT_NE(::mprotect(mapped, 4096, PROT_READ | PROT_WRITE), 0);
  ::munmap(mapped, 4096);
  EXPECT_LT(::pwrite(reader.number(), "x", 1, 0), 0);
  EXPECT_NE(::ftruncate(reader.number(), 0), 0);
  const std::string again = "/proc/self/fd/" + std::to_string(reader.number());
  const Descriptor reopened(::open(again.c_str(), O_RDWR | O_CLOEXEC));
  if (reopened.valid()) {
    EXPECT_LT(::pwrite(reopened.number(), "x", 1, 0), 0);
    EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reopened.number(), 0), MAP_FAILED);
  }
}

TEST(ObjectStore, AReaderRefusesMemoryThatCouldBeCutUnderItsFeet) {
  Descriptor unsealed(::memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(unsealed.number(), 4096), 0);
  EXPECT_THROW(ObjectReader{std::move(unsealed)}, Error);
  EXPECT_THROW(ObjectReader{Descriptor(::open("/dev/null", O_RDWR | O_CLOEXEC))}, Error);
}

TEST(ObjectStore, AReaderRefusesPlacesOutsideTheStore) {
  ObjectStore store(4096);
  const ObjectReader reader(copy_of(store.descriptor()));
  EXPECT_TRUE(reader.read({0, 4096}));
  EXPECT_FALSE(reader.read({0, 4097}));
  EXPECT_FALSE(reader.read({4096, 1}));
  EXPECT_FALSE(reader.read({~std::uint64_t{0}, 2}));
  EXPECT_FALSE(reader.read({1, ~std::uint64_t{0}}));
}

TEST(ObjectStore, AnObjectOutlivesItsStoresOwner) {
  std::optional<SealedObject> object;
  {
    ObjectStore store(4096);
    object = std::move(*store.loan(100)).seal();
  }
  EXPECT_EQ(object->place().size_bytes, 100U);
}

TEST(ObjectStore, ObjectsNeverOverlapAndNoRoomIsLostWhateverComesAndGoes) {
  constexpr std::size_t kCapacity = 64 * 4096;
  ObjectStore store(kCapacity);
  std::mt19937 random(1);
  std::vector<SealedObject> objects;
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 2 == 0) {
      auto loan = store.loan(1 + random() % (8 * 4096));
      if (!loan) continue;
      const std::uint64_t begin = static_cast<std::uint64_t>(loan->bytes().size());
      auto object = std::move(*loan).seal();
      EXPECT_EQ(object.place().size_bytes, begin);
      for (const auto& other : objects) {
        const auto& a = object.place();
        const auto& b = other.place();
        ASSERT_TRUE(a.offset + a.size_bytes <= b.offset || b.offset + b.size_bytes <= a.offset);
      }
      objects.push_back(std::move(object));
    } else if (!objects.empty()) {
      std::swap(objects[random() % objects.size()], objects.back());
      objects.pop_back();
    }
  }
  objects.clear();
  EXPECT_EQ(store.used_bytes(), 0U);
  EXPECT_TRUE(store.loan(kCapacity));
}

}  // namespace
}  // namespace capillaryx
