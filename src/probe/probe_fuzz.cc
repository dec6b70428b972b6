// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file to probe: what it says holds together, or ImageError.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "image/image.h"
#include "probe/probe.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace capillaryx;
  static const OpenFile file(::memfd_create("fuzz", MFD_CLOEXEC));
  if (::ftruncate(file.descriptor(), static_cast<off_t>(size)) != 0 ||
      ::pwrite(file.descriptor(), data, size, 0) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  may_hold_several({data, size});
  try {
    const InputInfo info = probe_file(file, 100'000);
    if (!info.pages || *info.pages < 1) std::abort();
    if (!info.page_times_s.empty() && info.page_times_s.size() != static_cast<std::size_t>(*info.pages)) std::abort();
    if (info.value_range && !((*info.value_range)[1] > (*info.value_range)[0])) std::abort();
    if (info.scale_um_per_px.has_value() == info.scale_from.empty()) std::abort();
  } catch (const ImageError&) {
  }
  return 0;
}
