// SPDX-License-Identifier: Apache-2.0
#include "cli/phantom_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <mutex>
#include <thread>

#include "capillaryx/error.h"
#include "image/image.h"
#include "os/machine.h"

namespace capillaryx::cli {
namespace {

std::vector<std::uint8_t> encode_ppm(const PixelView& pixels) {
  const std::string head = fmt::format("P6\n{} {}\n255\n", pixels.width, pixels.height);
  std::vector<std::uint8_t> bytes(head.begin(), head.end());
  for (int y = 0; y < pixels.height; ++y) {
    bytes.insert(bytes.end(), pixels.row(y), pixels.row(y) + static_cast<std::ptrdiff_t>(pixels.width) * 3);
  }
  return bytes;
}

}  // namespace

std::vector<std::uint8_t> encode_picture(const std::string& format, const PixelView& pixels) {
  if (format == "png") return encode_png(pixels);
  if (format == "jpg") return encode_jpeg(pixels, 95);
  return encode_ppm(pixels);
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file)
    throw Error(ErrorKind::kOutput, "cannot write " + path.string() + ": is the disk full or the folder read-only?");
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  write_file(path, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

void for_each_in_order(int count, int threads, const std::function<void(int)>& draw,
                       const std::function<void(int)>& done) {
  std::mutex mutex;
  std::vector<bool> drawn(static_cast<std::size_t>(count));
  int next = 0;
  int reported = 0;
  std::exception_ptr error;
  const auto work = [&] {
    while (true) {
      int i = 0;
      {
        const std::lock_guard lock(mutex);
        if (error || next >= count) return;
        i = next++;
      }
      try {
        draw(i);
        const std::lock_guard lock(mutex);
        drawn[static_cast<std::size_t>(i)] = true;
        for (; reported < count && drawn[static_cast<std::size_t>(reported)]; ++reported) done(reported);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
        return;
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    for (int i = std::min(threads > 0 ? threads : usable_cpus(), count); i > 0; --i) pool.emplace_back(work);
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace capillaryx::cli
