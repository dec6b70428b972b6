// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace capillaryx {

/// Pixel memory that is used again: a fresh 6 MB buffer costs 4 ms of page faults. A buffer comes back by itself when
/// its last holder lets go, from any thread, also after the pool's owner is gone. Threads: any.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  static std::shared_ptr<BufferPool> make() { return std::shared_ptr<BufferPool>(new BufferPool); }

  /// At least `size_bytes` of memory, aligned to 64 bytes, its content undefined. Throws std::bad_alloc.
  std::shared_ptr<std::uint8_t> get(std::size_t size_bytes);

  /// Buffers that wait to be used again.
  std::size_t idle_count() const;

 private:
  struct Free {
    void operator()(std::uint8_t* data) const;
  };
  struct Buffer {
    std::unique_ptr<std::uint8_t, Free> data;
    std::size_t size_bytes = 0;
  };

  BufferPool() = default;
  void put_back(Buffer buffer);

  mutable std::mutex mutex_;
  std::vector<Buffer> idle_;
};

}  // namespace capillaryx
