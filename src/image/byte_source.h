// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "capillaryx/frame.h"

namespace capillaryx {

/// Bytes that a decoder reads piece by piece: those of an open file (pread only, never mapped) or of memory.
/// Threads: any number at once.
class ByteSource {
 public:
  /// `bytes` must outlive the source.
  explicit ByteSource(std::span<const std::uint8_t> bytes) : bytes_(bytes), size_(bytes.size()) {}
  /// Throws ImageError for what is no regular file.
  explicit ByteSource(std::shared_ptr<const OpenFile> file);
  /// The same; `file` must outlive the source.
  explicit ByteSource(const OpenFile& file) : ByteSource(std::shared_ptr<const OpenFile>(&file, [](auto) {})) {}

  std::uint64_t size() const { return size_; }
  /// All of it if it lies in memory, else nothing.
  std::span<const std::uint8_t> memory() const { return bytes_; }

  /// Copies up to `count` bytes from `offset`; fewer only at the end. Throws ImageError if the file cannot be read.
  std::size_t read(std::uint64_t offset, std::uint8_t* to, std::size_t count) const;

 private:
  std::span<const std::uint8_t> bytes_;
  std::shared_ptr<const OpenFile> file_;
  std::uint64_t size_;
};

}  // namespace capillaryx
