// SPDX-License-Identifier: Apache-2.0
#include "os/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

[[noreturn]] void refuse(const char* what) {
  throw Error(ErrorKind::kExecutor, std::string("shared memory: ") + what + ": " + std::strerror(errno));
}

}  // namespace

SharedMemory::SharedMemory(std::size_t size_bytes)
    : descriptor_(::memfd_create("capillaryx", MFD_CLOEXEC | MFD_ALLOW_SEALING)), size_bytes_(size_bytes) {
  if (!descriptor_.valid()) refuse("cannot be made");
  if (::ftruncate(descriptor(), static_cast<off_t>(size_bytes)) != 0) refuse("cannot have its size");
  void* data = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor(), 0);
  if (data == MAP_FAILED) refuse("cannot be mapped");
  data_ = static_cast<std::uint8_t*>(data);
  // After this the mapping above is the only way to write.
  if (::fcntl(descriptor(), F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    ::munmap(data, size_bytes);
    refuse("cannot be sealed");
  }
}

SharedMemory::~SharedMemory() { ::munmap(data_, size_bytes_); }

SharedMemoryView::SharedMemoryView(Descriptor descriptor) {
  const int seals = ::fcntl(descriptor.number(), F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) {
    throw Error(ErrorKind::kExecutor, "shared memory: what came is not sealed");
  }
  struct stat status {};
  if (::fstat(descriptor.number(), &status) != 0 || status.st_size <= 0) refuse("has no size");
  size_bytes_ = static_cast<std::size_t>(status.st_size);
  void* data = ::mmap(nullptr, size_bytes_, PROT_READ, MAP_SHARED, descriptor.number(), 0);
  if (data == MAP_FAILED) refuse("cannot be mapped");
  data_ = static_cast<const std::uint8_t*>(data);
}

SharedMemoryView::~SharedMemoryView() { ::munmap(const_cast<std::uint8_t*>(data_), size_bytes_); }

}  // namespace capillaryx
