// SPDX-License-Identifier: Apache-2.0
// Every format, depth and channel layout that the program ffmpeg writes, against ffmpeg's own decoders.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "image/image.h"
#include "image/picture_writers_test.h"

namespace capillaryx {
namespace {

constexpr int kWidth = 61;
constexpr int kHeight = 43;

struct Form {
  std::string suffix;
  std::string coding;  // ffmpeg's arguments for the writer
  int channels;        // that a reader gets
  int bits = 8;        // stored
  double tolerance = 0;
};

// The tolerances of JPEG and WebP are those of how chroma is spread over the pixels that share it.
const std::vector<Form> kForms = {{"png", "-pix_fmt gray", 1},
                                  {"png", "-pix_fmt gray16be", 1, 16},
                                  {"png", "-pix_fmt ya8", 1},
                                  {"png", "-pix_fmt rgb24", 3},
                                  {"png", "-pix_fmt rgba -pred mixed", 3},
                                  {"png", "-pix_fmt rgb24 -pred paeth", 3},
                                  {"png", "-pix_fmt rgb24 -pred avg", 3},
                                  {"png", "-pix_fmt rgb48be", 3, 16},
                                  {"png", "-pix_fmt rgba64be", 3, 16},
                                  {"png", "-pix_fmt pal8", 3},
                                  {"png", "-pix_fmt monob", 1},
                                  {"tiff", "-pix_fmt gray -compression_algo raw", 1},
                                  {"tiff", "-pix_fmt gray16le", 1, 16},
                                  {"tiff", "-pix_fmt rgb24 -compression_algo lzw", 3},
                                  {"tiff", "-pix_fmt rgb48le -compression_algo deflate", 3, 16},
                                  {"tiff", "-pix_fmt rgba", 3},
                                  {"tiff", "-pix_fmt rgba64le", 3, 16},
                                  {"tiff", "-pix_fmt pal8", 3},
                                  {"bmp", "-pix_fmt bgr24", 3},
                                  {"bmp", "-pix_fmt bgra", 3},
                                  {"bmp", "-pix_fmt rgb565le", 3, 8, 1},
                                  {"bmp", "-pix_fmt rgb555le", 3, 8, 1},
                                  {"bmp", "-pix_fmt pal8", 3},
                                  {"bmp", "-pix_fmt gray", 3},
                                  {"bmp", "-pix_fmt monob", 3},
                                  {"webp", "-c:v libwebp -lossless 1 -pix_fmt bgra", 3},
                                  {"webp", "-c:v libwebp -q:v 95", 3, 8, 5},
                                  {"ppm", "-pix_fmt rgb24", 3},
                                  {"ppm", "-pix_fmt rgb48be", 3, 16},
                                  {"pgm", "-pix_fmt gray", 1},
                                  {"pgm", "-pix_fmt gray16be", 1, 16},
                                  {"pbm", "-pix_fmt monow", 1},
                                  {"jpg", "-pix_fmt yuvj444p -q:v 2", 3, 8, 1},
                                  {"jpg", "-pix_fmt yuvj422p -q:v 2", 3, 8, 4},
                                  {"jpg", "-pix_fmt yuvj420p -q:v 2", 3, 8, 6}};

class Formats : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("ffmpeg -version > /dev/null 2>&1") != 0) GTEST_SKIP() << "no ffmpeg";
    std::string path = (std::filesystem::temp_directory_path() / "capillaryx_formats_XXXXXX").string();
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    folder_ = path;
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::string path(std::size_t form, const std::string& suffix) const {
    return (folder_ / (std::to_string(form) + "." + suffix)).string();
  }

  static test::Bytes content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path folder_;
};

TEST_F(Formats, HaveThePixelsOfTheDecodersOfFfmpeg) {
  // Smooth, so that the lossy formats may be compared too; 16 bits a value.
  test::Bytes drawn;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      for (const double phase : {0.0, 1.0, 2.0, 3.0}) {
        test::put_little(drawn, static_cast<std::uint32_t>(32767 + 32000 * std::sin(0.11 * x + 0.07 * y + phase)), 2);
      }
    }
  }
  const std::string raw = (folder_ / "raw").string();
  std::ofstream(raw, std::ios::binary)
      .write(reinterpret_cast<const char*>(drawn.data()), static_cast<std::streamsize>(drawn.size()));
  const std::string ffmpeg = "ffmpeg -nostdin -v error -y ";
  std::string write = ffmpeg + "-f rawvideo -pix_fmt rgba64le -s " + std::to_string(kWidth) + "x" +
                      std::to_string(kHeight) + " -i " + raw;
  std::string inputs;
  std::string outputs;
  for (std::size_t i = 0; i < kForms.size(); ++i) {
    const Form& form = kForms[i];
    write += " -frames:v 1 " + form.coding + " " + path(i, form.suffix);
    const std::string depth =
        form.bits == 16 ? (form.channels == 1 ? "gray16le" : "rgb48le") : (form.channels == 1 ? "gray" : "rgb24");
    inputs += " -i " + path(i, form.suffix);
    outputs += " -map " + std::to_string(i) + ":v -f rawvideo -pix_fmt " + depth + " " + path(i, "out");
  }
  ASSERT_EQ(std::system(write.c_str()), 0);
  ASSERT_EQ(std::system((ffmpeg + inputs + outputs).c_str()), 0);

  ImageReader reader(100'000);
  for (std::size_t i = 0; i < kForms.size(); ++i) {
    const Form& form = kForms[i];
    SCOPED_TRACE(form.suffix + " " + form.coding);
    const Frame frame = reader.decode({}, content_of(path(i, form.suffix)));
    const PixelView& pixels = frame.pixels();
    ASSERT_EQ(pixels.width, kWidth);
    ASSERT_EQ(pixels.height, kHeight);
    ASSERT_EQ(pixels.channels, form.channels);
    const test::Bytes expected = content_of(path(i, "out"));
    const auto count = static_cast<std::size_t>(kWidth * kHeight * form.channels);
    ASSERT_EQ(expected.size(), count * static_cast<std::size_t>(form.bits / 8));
    double sum = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const double value =
          form.bits == 8 ? expected[k] : std::round((expected[2 * k] + 256 * expected[2 * k + 1]) * 255.0 / 65535);
      sum += std::abs(pixels.data[k] - value);
    }
    EXPECT_LE(sum / static_cast<double>(count), form.tolerance);
  }
}

}  // namespace
}  // namespace capillaryx
