// SPDX-License-Identifier: Apache-2.0
#include "image/byte_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "image/image.h"

namespace capillaryx {

ByteSource::ByteSource(std::shared_ptr<const OpenFile> file) : file_(std::move(file)), size_(0) {
  struct stat status {};
  if (::fstat(file_->descriptor(), &status) != 0) {
    throw ImageError("cannot be read: " + std::generic_category().message(errno));
  }
  if (!S_ISREG(status.st_mode)) throw ImageError("not a regular file");
  size_ = static_cast<std::uint64_t>(status.st_size);
}

std::size_t ByteSource::read(std::uint64_t offset, std::uint8_t* to, std::size_t count) const {
  if (offset >= size_) return 0;
  count = static_cast<std::size_t>(std::min<std::uint64_t>(count, size_ - offset));
  if (!file_) {
    if (count > 0) std::memcpy(to, &bytes_[static_cast<std::size_t>(offset)], count);
    return count;
  }
  std::size_t have = 0;
  while (have < count) {
    const ssize_t got = ::pread(file_->descriptor(), to + have, count - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw ImageError("cannot be read: " + std::generic_category().message(errno));
    if (got == 0) throw ImageError("the file became shorter while it was read");
    have += static_cast<std::size_t>(got);
  }
  return have;
}

}  // namespace capillaryx
