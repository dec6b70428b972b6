// SPDX-License-Identifier: Apache-2.0
#include "image/buffer_pool.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace capillaryx {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kMaxIdle = 8;
// One odd giant among the frames must not be held for the rest of the run; a frame of 7680x4320 (99.5 MB) may.
constexpr std::size_t kMaxIdleBytes = 128U << 20U;

}  // namespace

void BufferPool::Free::operator()(std::uint8_t* data) const { std::free(data); }

std::shared_ptr<std::uint8_t> BufferPool::get(std::size_t size_bytes) {
  const std::size_t rounded = (std::max<std::size_t>(size_bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
  Buffer buffer;
  {
    const std::lock_guard lock(mutex_);
    const auto fits =
        std::find_if(idle_.begin(), idle_.end(), [&](const Buffer& b) { return b.size_bytes >= rounded; });
    if (fits != idle_.end()) {
      buffer = std::move(*fits);
      idle_.erase(fits);
    } else if (!idle_.empty()) {
      idle_.erase(idle_.begin());  // the smallest: frames have grown
    }
  }
  if (!buffer.data) {
    buffer.data.reset(static_cast<std::uint8_t*>(std::aligned_alloc(kAlignment, rounded)));
    if (!buffer.data) throw std::bad_alloc();
    buffer.size_bytes = rounded;
  }
  std::uint8_t* const data = buffer.data.get();
  const std::size_t size = buffer.size_bytes;
  auto owned = buffer.data.release();
  return {data, [pool = weak_from_this(), owned, size](std::uint8_t*) {
            Buffer back{std::unique_ptr<std::uint8_t, Free>(owned), size};
            if (const auto alive = pool.lock()) alive->put_back(std::move(back));
          }};
}

void BufferPool::put_back(Buffer buffer) {
  if (buffer.size_bytes > kMaxIdleBytes) return;
  const std::lock_guard lock(mutex_);
  const auto place = std::upper_bound(idle_.begin(), idle_.end(), buffer.size_bytes,
                                      [](std::size_t size, const Buffer& b) { return size < b.size_bytes; });
  idle_.insert(place, std::move(buffer));
  if (idle_.size() > kMaxIdle) idle_.erase(idle_.begin());
}

std::size_t BufferPool::idle_count() const {
  const std::lock_guard lock(mutex_);
  return idle_.size();
}

}  // namespace capillaryx
