// SPDX-License-Identifier: Apache-2.0
// Reading and writing of 1920x1080 frames: of ../shared where it is there, else of a drawn texture.
#include <benchmark/benchmark.h>
#include <fcntl.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "image/image.h"

namespace capillaryx {
namespace {

constexpr int kWidth = 1920;
constexpr int kHeight = 1080;

std::vector<std::uint8_t> texture() {
  std::vector<std::uint8_t> rgb(std::size_t{kWidth} * kHeight * 3);
  std::uint32_t random = 1;
  for (std::size_t i = 0; i < rgb.size(); ++i) {
    random = random * 1664525U + 1013904223U;
    rgb[i] = static_cast<std::uint8_t>(150 + (random >> 30U) + 20 * (i / 3 / 16 % 3));
  }
  return rgb;
}

PixelView view_of(const std::vector<std::uint8_t>& rgb) { return {rgb.data(), kWidth, kHeight, 3, kWidth * 3}; }

std::vector<std::uint8_t> shared_or(const std::string& name, std::vector<std::uint8_t> (*encode)(const PixelView&)) {
  const char* const shared = std::getenv("CAPILLARYX_SHARED");
  std::ifstream file(std::filesystem::path(shared == nullptr ? "../shared" : shared) / "data/frames" / name,
                     std::ios::binary);
  std::vector<std::uint8_t> bytes((std::istreambuf_iterator<char>(file)), {});
  return bytes.empty() ? encode(view_of(texture())) : bytes;
}

std::vector<std::uint8_t> encode_jpeg_90(const PixelView& pixels) { return encode_jpeg(pixels); }

void decode(benchmark::State& state, const std::vector<std::uint8_t>& bytes) {
  ImageReader reader(100'000'000);
  for (auto _ : state) benchmark::DoNotOptimize(reader.decode({}, bytes));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * kWidth * kHeight * 3);
}

void png_decode(benchmark::State& state) { decode(state, shared_or("f01.png", encode_png)); }
BENCHMARK(png_decode)->Unit(benchmark::kMillisecond);

void jpeg_decode(benchmark::State& state) { decode(state, shared_or("f03.jpg", encode_jpeg_90)); }
BENCHMARK(jpeg_decode)->Unit(benchmark::kMillisecond);

void png_read(benchmark::State& state) {
  const std::vector<std::uint8_t> bytes = shared_or("f01.png", encode_png);
  std::FILE* const temporary = std::tmpfile();
  if (temporary == nullptr || std::fwrite(bytes.data(), 1, bytes.size(), temporary) != bytes.size()) std::abort();
  std::fflush(temporary);
  const Frame frame =
      Frame::from_file({}, std::make_shared<OpenFile>(::fcntl(::fileno(temporary), F_DUPFD_CLOEXEC, 0)));
  std::fclose(temporary);
  ImageReader reader(100'000'000);
  std::string sha256;
  for (auto _ : state) benchmark::DoNotOptimize(reader.read(frame, sha256));
}
BENCHMARK(png_read)->Unit(benchmark::kMillisecond);

void jpeg_encode(benchmark::State& state) {
  const std::vector<std::uint8_t> rgb = texture();
  for (auto _ : state) benchmark::DoNotOptimize(encode_jpeg(view_of(rgb)));
}
BENCHMARK(jpeg_encode)->Unit(benchmark::kMillisecond);

void png_encode(benchmark::State& state) {
  const std::vector<std::uint8_t> rgb = texture();
  for (auto _ : state) benchmark::DoNotOptimize(encode_png(view_of(rgb)));
}
BENCHMARK(png_encode)->Unit(benchmark::kMillisecond);

void thumbnail(benchmark::State& state) {
  const std::vector<std::uint8_t> rgb = texture();
  for (auto _ : state) benchmark::DoNotOptimize(shrink(view_of(rgb), 320));
}
BENCHMARK(thumbnail)->Unit(benchmark::kMillisecond);

void sha256_of_3_mb(benchmark::State& state) {
  const std::vector<std::uint8_t> bytes(3'000'000, 7);
  for (auto _ : state) benchmark::DoNotOptimize(sha256_hex(bytes));
}
BENCHMARK(sha256_of_3_mb)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace capillaryx
