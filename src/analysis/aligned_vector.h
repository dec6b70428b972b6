// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace capillaryx {

constexpr std::size_t kCacheLineBytes = 64;

/// Gives memory that begins with a line of the cache.
template <class T>
struct LineAllocator {
  using value_type = T;
  LineAllocator() = default;
  template <class U>
  explicit LineAllocator(const LineAllocator<U>& /*other*/) {}

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{kCacheLineBytes}));
  }
  void deallocate(T* memory, std::size_t /*count*/) { ::operator delete (memory, std::align_val_t{kCacheLineBytes}); }

  template <class U>
  bool operator==(const LineAllocator<U>& /*other*/) const {
    return true;
  }
};

/// For planes of pixels: what malloc gives begins a quarter of a line behind one, so that every access by a vector as
/// long as a line touches two. Rows of 1920x1080 pixels, and of half of them, are whole lines.
template <class T>
using AlignedVector = std::vector<T, LineAllocator<T>>;

}  // namespace capillaryx
