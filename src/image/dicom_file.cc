// SPDX-License-Identifier: Apache-2.0
#include "image/dicom_file.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "image/image.h"

namespace capillaryx {
namespace {

constexpr std::uint32_t kUndefined = 0xffffffff;
constexpr std::uint32_t kItem = 0xfffee000, kItemEnd = 0xfffee00d, kSequenceEnd = 0xfffee0dd;
constexpr int kMaxDepth = 16;
constexpr std::uint64_t kMaxTextBytes = 16U << 20U;  // a vector of frame times
constexpr std::int64_t kMaxFrames = 10'000'000;

[[noreturn]] void damaged(const std::string& what) { throw ImageError("the DICOM is damaged: " + what); }

double to_double(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '+')) text.remove_prefix(1);
  double value = std::numeric_limits<double>::quiet_NaN();
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<double> to_doubles(std::string_view text) {
  std::vector<double> values;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\\'), text.size());
    values.push_back(to_double(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return values;
}

// Millimetres between pixels; both ways alike.
std::optional<double> square_um(const std::vector<double>& mm) {
  if (mm.size() != 2 || !(mm[0] > 0) || !(mm[1] > 0) || std::abs(mm[0] - mm[1]) > 0.01 * mm[0]) return std::nullopt;
  return mm[1] * 1000;
}

class Parser {
 public:
  explicit Parser(const ByteSource& source) : source_(&source) {}

  DicomFile parse() {
    at_ = 132;
    while (at_ < source_->size() && peek_group() == 2) element(source_->size(), 0);
    choose_coding();
    while (at_ < source_->size() && !done_) element(source_->size(), 0);
    finish();
    return std::move(file_);
  }

 private:
  std::uint64_t number(std::uint64_t offset, int bytes) const {
    std::array<std::uint8_t, 8> raw{};
    if (source_->read(offset, raw.data(), static_cast<std::size_t>(bytes)) != static_cast<std::size_t>(bytes)) {
      damaged("it is truncated");
    }
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i)
      value = value << 8U | raw[static_cast<std::size_t>(file_.big_endian ? i : bytes - 1 - i)];
    return value;
  }
  std::uint64_t take(int bytes) {
    const std::uint64_t value = number(at_, bytes);
    at_ += static_cast<std::uint64_t>(bytes);
    return value;
  }
  std::uint32_t take_tag() {
    const std::uint64_t group = take(2);
    return static_cast<std::uint32_t>(group << 16U | take(2));
  }
  std::uint64_t peek_group() const { return number(at_, 2); }

  std::string text(std::uint64_t size) const {
    std::string value(static_cast<std::size_t>(std::min(size, kMaxTextBytes)), '\0');
    value.resize(source_->read(at_, reinterpret_cast<std::uint8_t*>(value.data()), value.size()));
    while (!value.empty() && (value.back() == '\0' || value.back() == ' ')) value.pop_back();
    return value;
  }

  // One element that lies before `end`. Sequences are gone into.
  void element(std::uint64_t end, int depth) {
    if (depth > kMaxDepth) damaged("its sequences lie too deep");
    const std::uint32_t tag = take_tag();
    std::uint64_t size = 0;
    bool sequence = false;
    if (explicit_ || tag >> 16U == 2) {
      std::array<std::uint8_t, 2> vr{};
      source_->read(at_, vr.data(), vr.size());
      at_ += 2;
      const std::string_view name(reinterpret_cast<const char*>(vr.data()), 2);
      static constexpr std::string_view kLong[] = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                                   "SV", "UC", "UN", "UR", "UT", "UV"};
      if (std::find(std::begin(kLong), std::end(kLong), name) != std::end(kLong)) {
        at_ += 2;
        size = take(4);
      } else {
        size = take(2);
      }
      sequence = name == "SQ";
    } else {
      size = take(4);
      sequence = tag == 0x52009229 || tag == 0x52009230 || tag == 0x00289110 || tag == 0x00186011;
    }
    if (tag == 0x7fe00010 && depth == 0) {
      take_pixels(size);
      done_ = true;
      return;
    }
    if (sequence || size == kUndefined) {
      items(tag, size == kUndefined ? end : at_ + size, size == kUndefined, depth);
      return;
    }
    if (size > end - std::min(end, at_)) damaged("it is truncated");
    const std::uint64_t next = at_ + size;
    take_value(tag, size);
    at_ = next;
  }

  void items(std::uint32_t sequence, std::uint64_t end, bool undefined, int depth) {
    if (end > source_->size()) damaged("it is truncated");
    const std::uint32_t outer = std::exchange(sequence_, sequence);
    while (at_ < end) {
      const std::uint32_t tag = take_tag();
      const std::uint64_t size = take(4);
      if (undefined && tag == kSequenceEnd) break;
      if (tag != kItem) damaged("a sequence has no items");
      const std::uint64_t item_end = size == kUndefined ? end : at_ + size;
      if (item_end > end) damaged("it is truncated");
      while (at_ < item_end) {
        if (size == kUndefined && number(at_, 2) == kItemEnd >> 16U && number(at_ + 2, 2) == (kItemEnd & 0xffffU)) {
          at_ += 8;
          break;
        }
        element(item_end, depth + 1);
      }
    }
    sequence_ = outer;
  }

  void take_value(std::uint32_t tag, std::uint64_t size) {
    const auto set = [&](std::int64_t& to) {
      if (size >= 2) to = static_cast<std::int64_t>(number(at_, 2));
    };
    switch (tag) {
      case 0x00020010:
        syntax_ = text(std::min<std::uint64_t>(size, 64));
        break;
      case 0x00080060:
        modality_ = text(std::min<std::uint64_t>(size, 16));
        break;
      case 0x00280002:
        return set(file_.samples);
      case 0x00280004:
        return take_colours(text(std::min<std::uint64_t>(size, 32)));
      case 0x00280006: {
        std::int64_t planar = 0;
        set(planar);
        file_.planar = planar == 1;
        break;
      }
      case 0x00280008: {
        const double frames = to_double(text(std::min<std::uint64_t>(size, 16)));
        if (frames >= 1 && frames <= static_cast<double>(kMaxFrames)) file_.frames = static_cast<std::int64_t>(frames);
        break;
      }
      case 0x00280010:
        return set(file_.rows);
      case 0x00280011:
        return set(file_.columns);
      case 0x00280100:
        return set(file_.bits_allocated);
      case 0x00280101:
        return set(file_.bits_stored);
      case 0x00280102:
        return set(file_.high_bit);
      case 0x00280103: {
        std::int64_t representation = 0;
        set(representation);
        file_.is_signed = representation == 1;
        break;
      }
      case 0x00281101:
      case 0x00281102:
      case 0x00281103:
        for (std::uint64_t i = 0; i < 3 && 2 * i + 2 <= size; ++i) {
          file_.palette_form[tag - 0x00281101][static_cast<std::size_t>(i)] =
              static_cast<std::int64_t>(number(at_ + 2 * i, 2));
        }
        break;
      case 0x00281201:
      case 0x00281202:
      case 0x00281203:
        file_.palette[tag - 0x00281201] = {at_, size};
        break;
      case 0x00280030:
        // Of the picture, or of the pixel measures that all frames share.
        if (sequence_ == 0 || sequence_ == 0x00289110) spacing_ = to_doubles(text(std::min<std::uint64_t>(size, 64)));
        break;
      case 0x00181164:
        detector_spacing_ = to_doubles(text(std::min<std::uint64_t>(size, 64)));
        break;
      case 0x00280a02:
        calibrated_ = size > 0;
        break;
      case 0x0018602c:
      case 0x0018602e:
        if (size >= 8) (tag == 0x0018602c ? region_x_ : region_y_) = std::bit_cast<double>(number(at_, 8));
        break;
      case 0x00186024:
        set(region_unit_);
        break;
      case 0x00181063:
        frame_time_ = to_double(text(std::min<std::uint64_t>(size, 16)));
        break;
      case 0x00181065:
        file_.frame_steps_ms = to_doubles(text(size));
        break;
      case 0x00180040:
      case 0x00082144: {
        const double rate = to_double(text(std::min<std::uint64_t>(size, 16)));
        if (rate > 0 && !rate_ms_) rate_ms_ = 1000 / rate;
        break;
      }
      default:
        break;
    }
  }

  void take_colours(std::string_view name) {
    using Colours = DicomFile::Colours;
    static constexpr std::pair<std::string_view, Colours> kNames[] = {{"MONOCHROME1", Colours::kMonochrome1},
                                                                      {"MONOCHROME2", Colours::kMonochrome2},
                                                                      {"RGB", Colours::kRgb},
                                                                      {"YBR_FULL", Colours::kYbrFull},
                                                                      {"YBR_FULL_422", Colours::kYbrFull422},
                                                                      {"PALETTE COLOR", Colours::kPalette}};
    for (const auto& [known, colours] : kNames) {
      if (name == known) file_.colours = colours;
    }
  }

  void choose_coding() {
    constexpr std::string_view kRoot = "1.2.840.10008.1.2";
    const std::string_view syntax = syntax_;
    if (!syntax.starts_with(kRoot)) throw ImageError("the DICOM does not say how it is coded");
    const std::string_view kind = syntax.substr(kRoot.size());
    explicit_ = kind != "";
    file_.big_endian = kind == ".2";
    if (kind.empty() || kind == ".1" || kind == ".2") return;
    if (kind == ".5") {
      file_.coding = DicomCoding::kRle;
    } else if (kind == ".4.50" || kind == ".4.51") {
      file_.coding = DicomCoding::kJpeg;
    } else if (kind == ".4.57" || kind == ".4.70") {
      file_.coding = DicomCoding::kJpegLossless;
    } else if (kind == ".4.80" || kind == ".4.81") {
      file_.coding = DicomCoding::kJpegLs;
    } else if (kind == ".1.99") {
      throw ImageError("the DICOM is deflated as a whole, which is not supported; save it uncompressed");
    } else if (kind == ".4.90" || kind == ".4.91" || kind == ".4.92" || kind == ".4.93" || kind.starts_with(".4.20")) {
      throw ImageError("the DICOM is coded as JPEG 2000, which is not supported; save it uncompressed or as JPEG-LS");
    } else if (kind.starts_with(".4.10")) {
      throw ImageError("the DICOM holds an MPEG or H.264 video, which is not read from it; export the video as MP4");
    } else {
      throw ImageError("the DICOM has a coding that is not supported; save it uncompressed");
    }
  }

  void take_pixels(std::uint64_t size) {
    if (file_.coding == DicomCoding::kNative) {
      if (size == kUndefined) damaged("its pixels have no size");
      if (size > source_->size() - std::min(source_->size(), at_)) damaged("it is truncated");
      file_.pixels = {at_, size};
      return;
    }
    if (size != kUndefined) damaged("its coded pixels are not in items");
    std::vector<BytePlace> all;
    for (;;) {
      const std::uint32_t tag = take_tag();
      const std::uint64_t bytes = take(4);
      if (tag == kSequenceEnd) break;
      if (tag != kItem || bytes > source_->size() - std::min(source_->size(), at_)) damaged("it is truncated");
      if (all.size() > static_cast<std::size_t>(kMaxFrames)) damaged("it has too many fragments");
      all.push_back({at_, bytes});
      at_ += bytes;
    }
    if (all.size() < 2) damaged("it has no pixels");
    share_fragments(all);
  }

  // The first item is the table of offsets, which may be empty.
  void share_fragments(const std::vector<BytePlace>& all) {
    const BytePlace table = all[0];
    const auto frames = static_cast<std::size_t>(file_.frames);
    const std::span<const BytePlace> rest(all.begin() + 1, all.end());
    if (frames == 1) {
      file_.fragments.emplace_back(rest.begin(), rest.end());
    } else if (rest.size() == frames) {
      for (const BytePlace& fragment : rest) file_.fragments.push_back({fragment});
    } else if (table.size == 4 * frames) {
      const std::uint64_t start = table.offset + table.size;
      std::size_t next = 0;
      for (std::size_t i = 0; i < frames; ++i) {
        const std::uint64_t end = i + 1 < frames ? start + number(table.offset + 4 * (i + 1), 4) : source_->size();
        std::vector<BytePlace>& fragments = file_.fragments.emplace_back();
        while (next < rest.size() && rest[next].offset < end) fragments.push_back(rest[next++]);
        if (fragments.empty()) damaged("its table of frames is wrong");
      }
    } else {
      throw ImageError("the DICOM is damaged: it does not say which coded data belong to which frame");
    }
  }

  void finish() {
    if (!done_) damaged("it has no pixels");
    if (file_.rows < 1 || file_.columns < 1) damaged("it has no size");
    if (file_.colours == DicomFile::Colours::kUnknown) {
      throw ImageError("the DICOM is neither grey, RGB, YBR_FULL nor of a palette; other colours are not supported");
    }
    const bool grey = file_.colours == DicomFile::Colours::kMonochrome1 ||
                      file_.colours == DicomFile::Colours::kMonochrome2 ||
                      file_.colours == DicomFile::Colours::kPalette;
    if (file_.samples != (grey ? 1 : 3)) damaged("its samples do not fit its colours");
    if (file_.bits_allocated != 8 && file_.bits_allocated != 16) {
      throw ImageError("the DICOM has " + std::to_string(file_.bits_allocated) +
                       " bits a value; 8 and 16 are supported");
    }
    if (file_.bits_stored < 1 || file_.bits_stored > file_.bits_allocated) damaged("its bits do not fit");
    if (file_.high_bit < 0) file_.high_bit = file_.bits_stored - 1;
    if (file_.high_bit >= file_.bits_allocated || file_.high_bit + 1 < file_.bits_stored)
      damaged("its bits do not fit");
    if (frame_time_ && *frame_time_ > 0) file_.frame_time_ms = frame_time_;
    if (!file_.frame_time_ms && file_.frame_steps_ms.empty()) file_.frame_time_ms = rate_ms_;
    choose_scale();
  }

  // Ultrasound has its scale in its regions, and projections have that of the detector, not of what is seen.
  void choose_scale() {
    constexpr std::int64_t kCentimetres = 3;
    if (modality_ == "US" || modality_ == "IVUS") {
      if (region_unit_ == kCentimetres && region_x_ > 0 && std::abs(region_x_ - region_y_) <= 0.01 * region_x_) {
        file_.um_per_px = region_x_ * 1e4;
      }
      return;
    }
    static constexpr std::string_view kProjections[] = {"CR", "DX", "MG", "XA", "RF", "PX", "IO", "RG"};
    const bool projection =
        std::find(std::begin(kProjections), std::end(kProjections), modality_) != std::end(kProjections);
    if (projection && !calibrated_ && (detector_spacing_.empty() || detector_spacing_ == spacing_)) return;
    file_.um_per_px = square_um(spacing_);
  }

  const ByteSource* source_;
  DicomFile file_;
  std::uint64_t at_ = 0;
  bool explicit_ = true, done_ = false, calibrated_ = false;
  std::uint32_t sequence_ = 0;
  std::string syntax_, modality_;
  std::vector<double> spacing_, detector_spacing_;
  double region_x_ = 0, region_y_ = 0;
  std::int64_t region_unit_ = 0;
  std::optional<double> frame_time_, rate_ms_;
};

}  // namespace

DicomFile read_dicom(const ByteSource& source) { return Parser(source).parse(); }

}  // namespace capillaryx
