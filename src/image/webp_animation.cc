// SPDX-License-Identifier: Apache-2.0
#include <webp/demux.h>

#include <cstring>

#include "image/picture_stack.h"

namespace capillaryx {
namespace {

constexpr std::uint64_t kMaxFileBytes = 1ULL << 30U;

struct Delete {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

class WebpAnimation : public PictureStack {
 public:
  WebpAnimation(const ByteSource& source, std::int64_t max_pixels) {
    if (source.size() > kMaxFileBytes)
      throw ImageError("the animated WebP is larger than 1 GB, which is not supported");
    bytes_.resize(static_cast<std::size_t>(source.size()));
    source.read(0, bytes_.data(), bytes_.size());
    const WebPData data{bytes_.data(), bytes_.size()};
    const std::unique_ptr<WebPDemuxer, Delete> demuxer(WebPDemux(&data));
    if (!demuxer) throw ImageError("the WebP is damaged or truncated");
    const std::int64_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
    const std::int64_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
    PixelTarget(*BufferPool::make(), max_pixels).check_size(width, height);
    double time_s = 0;
    WebPIterator frame;
    if (WebPDemuxGetFrame(demuxer.get(), 1, &frame) != 0) {
      do {
        facts_.page_times_s.push_back(time_s);
        time_s += frame.duration / 1000.0;
      } while (WebPDemuxNextFrame(&frame) != 0);
    }
    WebPDemuxReleaseIterator(&frame);
    facts_.pages = static_cast<std::int64_t>(facts_.page_times_s.size());
    if (facts_.pages < 1) throw ImageError("the WebP is damaged or truncated");
    facts_.width = static_cast<int>(width);
    facts_.height = static_cast<int>(height);
  }

  void read(std::int64_t page, Decoding& decoding) override {
    if (page < 0 || page >= facts_.pages) throw ImageError("the file has no page " + std::to_string(page));
    if (decoding.survey != nullptr) return;  // 8 bits
    const auto count = static_cast<std::size_t>(facts_.width) * static_cast<std::size_t>(facts_.height);
    if (!decoder_ || page < next_ - 1) start();
    while (next_ <= page) {
      int end_ms = 0;
      if (WebPAnimDecoderGetNext(decoder_.get(), &canvas_, &end_ms) == 0) {
        decoder_.reset();  // what follows a damaged frame is composed on it
        throw ImageError("the WebP is damaged or truncated");
      }
      ++next_;
    }
    std::uint8_t* to = decoding.target.allocate(facts_.width, facts_.height, 3);
    for (std::size_t i = 0; i < count; ++i, to += 3) std::memcpy(to, canvas_ + 4 * i, 3);
  }

 private:
  void start() {
    WebPAnimDecoderOptions options;
    if (WebPAnimDecoderOptionsInit(&options) == 0) throw ImageError("libwebpdemux does not fit its headers");
    options.color_mode = MODE_RGBA;
    options.use_threads = 0;
    const WebPData data{bytes_.data(), bytes_.size()};
    decoder_.reset(WebPAnimDecoderNew(&data, &options));
    if (!decoder_) throw ImageError("the WebP is damaged or truncated");
    next_ = 0;
  }

  std::vector<std::uint8_t> bytes_;
  std::unique_ptr<WebPAnimDecoder, Delete> decoder_;
  std::uint8_t* canvas_ = nullptr;  // the decoder's: frame next_ - 1
  std::int64_t next_ = 0;
};

}  // namespace

std::unique_ptr<PictureStack> open_webp_animation(const ByteSource& source, std::int64_t max_pixels) {
  return std::make_unique<WebpAnimation>(source, max_pixels);
}

}  // namespace capillaryx
