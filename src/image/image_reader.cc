// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>
#include <system_error>
#include <utility>

#include "image/decoders.h"
#include "image/image.h"
#include "image/picture_stack.h"

namespace capillaryx {
namespace {

constexpr std::size_t kKeptScratchBytes = 128U << 20U;
// The largest encoded picture that is read: a 16-bit RGBA one without compression, and room for its metadata.
constexpr std::int64_t kEncodedBytesPerPixel = 8;
constexpr std::int64_t kMetadataBytes = 64LL << 20;

std::string reason_of(int error_number) { return std::generic_category().message(error_number); }

bool starts_with(std::span<const std::uint8_t> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

}  // namespace

void PixelTarget::check_size(std::int64_t width, std::int64_t height) const {
  if (width < 1 || height < 1) throw ImageError("the picture has no pixels");
  constexpr std::int64_t kMaxSide = std::numeric_limits<int>::max() / 8;
  if (width > kMaxSide || height > kMaxSide || width > max_pixels_ / height) {
    throw ImageError("the picture is too large: " + std::to_string(width) + "x" + std::to_string(height) +
                     " pixels are more than --max-pixels " + std::to_string(max_pixels_));
  }
}

std::uint8_t* PixelTarget::allocate(std::int64_t width, std::int64_t height, int channels, std::int64_t spare_bytes) {
  check_size(width, height);
  const std::int64_t stride = width * channels;
  memory_ = pool_->get(static_cast<std::size_t>(stride * height + spare_bytes));
  view_ = {memory_.get(), static_cast<int>(width), static_cast<int>(height), channels,
           static_cast<std::ptrdiff_t>(stride)};
  return memory_.get();
}

std::uint8_t* Scratch::get(std::size_t size_bytes) {
  if (size_bytes > size_bytes_) {
    memory_.reset();
    size_bytes_ = 0;
    memory_ = std::make_unique_for_overwrite<std::uint8_t[]>(size_bytes);
    size_bytes_ = size_bytes;
  }
  return memory_.get();
}

void Scratch::trim() {
  if (size_bytes_ <= kKeptScratchBytes) return;
  memory_.reset();
  size_bytes_ = 0;
}

ImageFormat image_format(std::span<const std::uint8_t> bytes) {
  using namespace std::string_view_literals;
  if (starts_with(bytes, "\x89PNG\r\n\x1a\n"sv)) return ImageFormat::kPng;
  if (starts_with(bytes, "\xff\xd8\xff"sv)) return ImageFormat::kJpeg;
  if (starts_with(bytes, "II*\0"sv) || starts_with(bytes, "MM\0*"sv) || starts_with(bytes, "II+\0"sv) ||
      starts_with(bytes, "MM\0+"sv)) {
    return ImageFormat::kTiff;
  }
  if (starts_with(bytes, "RIFF"sv) && bytes.size() >= 12 && std::memcmp(bytes.data() + 8, "WEBP", 4) == 0) {
    return ImageFormat::kWebp;
  }
  if (bytes.size() >= 132 && std::memcmp(bytes.data() + 128, "DICM", 4) == 0) return ImageFormat::kDicom;
  if (starts_with(bytes, "BM"sv)) return ImageFormat::kBmp;
  if (bytes.size() >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
      (bytes[2] == ' ' || bytes[2] == '#' || (bytes[2] >= '\t' && bytes[2] <= '\r'))) {
    return ImageFormat::kPnm;
  }
  return ImageFormat::kUnknown;
}

namespace {

// One file as it is now: another of the same name, or the same written again, is another.
struct FileIdentity {
  std::uint64_t device = 0, number = 0;
  std::int64_t size = 0, changed_s = 0, changed_ns = 0;
  bool operator==(const FileIdentity&) const = default;
};

FileIdentity identity_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

}  // namespace

void decode_picture(std::span<const std::uint8_t> bytes, Decoding& decoding) {
  switch (image_format(bytes)) {
    case ImageFormat::kPng:
      return decode_png(bytes, decoding);
    case ImageFormat::kJpeg:
      return decode_jpeg(bytes, decoding);
    case ImageFormat::kWebp:
      return decode_webp(bytes, decoding);
    case ImageFormat::kBmp:
      return decode_bmp(bytes, decoding.target);
    case ImageFormat::kPnm:
      return decode_pnm(bytes, decoding);
    case ImageFormat::kTiff:
    case ImageFormat::kDicom:
    case ImageFormat::kUnknown:
      break;
  }
  throw ImageError(bytes.empty() ? "the file is empty"
                                 : "not a picture: its content is no PNG, JPEG, TIFF, WebP, BMP, PNM or DICOM");
}

struct ImageReader::Memory {
  std::shared_ptr<BufferPool> pixels = BufferPool::make();
  Scratch encoded;
  DecoderMemory decoders;
  // The file of the page before: its directories are walked once, and an animation goes on from where it is.
  FileIdentity stack_file;
  std::unique_ptr<PictureStack> stack;
};

ImageReader::ImageReader(std::int64_t max_pixels) : memory_(std::make_shared<Memory>()), max_pixels_(max_pixels) {}
ImageReader::~ImageReader() = default;

Frame ImageReader::read(const Frame& frame, std::string& sha256) {
  ImageFacts facts;
  return read(frame, sha256, facts);
}

Frame ImageReader::read(const Frame& frame, std::string& sha256, ImageFacts& facts) {
  sha256.clear();
  facts = {};
  if (!frame.pixels().empty()) return frame;
  if (!frame.error().empty()) throw ImageError(frame.error());
  if (!frame.file()) throw ImageError("the frame has neither a file nor pixels");
  const int descriptor = frame.file()->descriptor();

  struct stat status {};
  if (::fstat(descriptor, &status) != 0) throw ImageError("cannot be read: " + reason_of(errno));
  if (!S_ISREG(status.st_mode)) throw ImageError("not a regular file");
  if (status.st_size == 0) throw ImageError("the file is empty");
  try {
    if (frame.info().page) {
      if (!memory_->stack || !(memory_->stack_file == identity_of(status))) {
        memory_->stack.reset();
        memory_->stack = open_stack(ByteSource(frame.file()), max_pixels_);
        memory_->stack_file = identity_of(status);
      }
      return decode_page(frame.info(), *memory_->stack, *frame.info().page, facts);
    }
    const std::int64_t limit = max_pixels_ <= (1LL << 40) ? max_pixels_ * kEncodedBytesPerPixel + kMetadataBytes
                                                          : std::numeric_limits<std::int64_t>::max();
    if (status.st_size > limit) {
      throw ImageError("the file is too large: " + std::to_string(status.st_size) +
                       " bytes cannot be a picture of --max-pixels " + std::to_string(max_pixels_));
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    memory_->encoded.trim();
    std::uint8_t* const data = memory_->encoded.get(size);
    if (ByteSource(*frame.file()).read(0, data, size) != size) {
      throw ImageError("the file became shorter while it was read");
    }
    const std::span<const std::uint8_t> bytes(data, size);
    sha256 = sha256_hex(bytes);
    return decode(frame.info(), bytes, facts);
  } catch (const std::bad_alloc&) {
    throw ImageError("not enough memory to read the picture");
  }
}

Frame ImageReader::decode_page(const FrameInfo& info, PictureStack& stack, std::int64_t page, ImageFacts& facts) {
  memory_->decoders.trim();
  PixelTarget target(*memory_->pixels, max_pixels_);
  Decoding decoding{target, memory_->decoders, facts, info.input ? info.input->value_range : std::nullopt};
  stack.read(page, decoding);
  if (!info.input) {
    facts.scale_um_per_px = stack.facts().scale_um_per_px;
    facts.scale_from = stack.facts().scale_from;
    facts.notes.insert(facts.notes.begin(), stack.facts().notes.begin(), stack.facts().notes.end());
  }
  return Frame::from_pixels(info, target.view(), target.owner());
}

Frame ImageReader::decode(const FrameInfo& info, std::span<const std::uint8_t> bytes) {
  ImageFacts facts;
  return decode(info, bytes, facts);
}

Frame ImageReader::decode(const FrameInfo& info, std::span<const std::uint8_t> bytes, ImageFacts& facts) {
  try {
    if (is_stack(ByteSource(bytes))) {
      const auto stack = open_stack(ByteSource(bytes), max_pixels_);
      const std::int64_t pages = stack->facts().pages;
      if (pages > 1) {
        facts.notes.push_back("the first of the file's " + std::to_string(pages) + " pictures was read");
      }
      return decode_page(info, *stack, 0, facts);
    }
    memory_->decoders.trim();
    PixelTarget target(*memory_->pixels, max_pixels_);
    Decoding decoding{target, memory_->decoders, facts, info.input ? info.input->value_range : std::nullopt};
    decode_picture(bytes, decoding);
    return Frame::from_pixels(info, target.view(), target.owner());
  } catch (const std::bad_alloc&) {
    throw ImageError("not enough memory to decode the picture");
  }
}

bool is_image_content(std::span<const std::uint8_t> first_bytes) {
  return image_format(first_bytes) != ImageFormat::kUnknown;
}

bool has_image_suffix(std::string_view name) {
  static constexpr std::string_view kSuffixes[] = {".png",  ".jpg",  ".jpeg", ".jpe", ".jfif", ".tif",
                                                   ".tiff", ".webp", ".bmp",  ".dib", ".pnm",  ".ppm",
                                                   ".pgm",  ".pbm",  ".apng", ".dcm", ".dicom"};
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  std::string suffix(name.substr(dot));
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::find(std::begin(kSuffixes), std::end(kSuffixes), suffix) != std::end(kSuffixes);
}

}  // namespace capillaryx
