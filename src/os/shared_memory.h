// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "os/descriptor.h"

namespace capillaryx {

/// Memory that other processes can read and this one alone can write. It has no name; the kernel frees it when its last
/// holder is gone, however that holder went. Pages cost nothing until they are written.
class SharedMemory {
 public:
  /// Throws Error (kExecutor) where the system has none.
  explicit SharedMemory(std::size_t size_bytes);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  std::span<std::uint8_t> bytes() { return {data_, size_bytes_}; }
  /// To hand to a reader. It is sealed: nobody can map it for writing any more, write to it, or change its size.
  int descriptor() const { return descriptor_.number(); }

 private:
  Descriptor descriptor_;
  std::uint8_t* data_ = nullptr;
  std::size_t size_bytes_;
};

/// A reader's look at SharedMemory of another process.
class SharedMemoryView {
 public:
  /// Throws Error (kExecutor) where `descriptor` is no memory whose size is fixed by a seal (it could be cut under the
  /// reader's feet), or it cannot be mapped.
  explicit SharedMemoryView(Descriptor descriptor);
  ~SharedMemoryView();
  SharedMemoryView(const SharedMemoryView&) = delete;
  SharedMemoryView& operator=(const SharedMemoryView&) = delete;

  std::span<const std::uint8_t> bytes() const { return {data_, size_bytes_}; }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_bytes_ = 0;
};

}  // namespace capillaryx
