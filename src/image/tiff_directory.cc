// SPDX-License-Identifier: Apache-2.0
#include "image/tiff_directory.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <exception>
#include <unordered_set>

#include "image/image.h"

namespace capillaryx {
namespace {

constexpr std::size_t kMaxPages = 1'000'000;
constexpr std::uint64_t kMaxEntries = 4096;
constexpr std::uint64_t kMaxDescriptionBytes = 64U << 20U;  // OME's XML of a long stack
constexpr std::uint64_t kMaxStrips = 1U << 16U;

[[noreturn]] void damaged(const std::string& what) { throw ImageError("the TIFF is damaged: " + what); }

struct Entry {
  std::uint16_t tag = 0;
  std::uint16_t type = 0;
  std::uint64_t count = 0;
  std::uint64_t at = 0;  ///< of the file: where the values lie
};

class Walker {
 public:
  explicit Walker(const ByteSource& source) : source_(&source) {
    std::array<std::uint8_t, 8> head{};
    if (source.read(0, head.data(), head.size()) != head.size()) damaged("it is truncated");
    big_endian_ = head[0] == 'M';
    big_ = number(&head[2], 2) == 43;
    next_ = big_ ? number_at(8, 8) : number(&head[4], 4);
  }

  bool big_endian() const { return big_endian_; }
  std::uint64_t next() const { return next_; }

  // The description and the extent of the data are those of the first page only: many pages may share them.
  TiffDirectory read(bool first) {
    first_ = first;
    TiffDirectory page;
    page.offset = next_;
    const std::uint64_t count_bytes = big_ ? 8 : 2, entry_bytes = big_ ? 20 : 12;
    const std::uint64_t count = number_at(next_, count_bytes);
    if (count == 0 || count > kMaxEntries) damaged("a page has an impossible number of tags");
    std::vector<std::uint8_t> raw(static_cast<std::size_t>(count * entry_bytes + (big_ ? 8 : 4)));
    const std::uint64_t start = next_ + count_bytes;
    const std::size_t got = source_->read(start, raw.data(), raw.size());
    if (got < count * entry_bytes) damaged("it is truncated");
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint8_t* const at = &raw[static_cast<std::size_t>(i * entry_bytes)];
      Entry entry;
      entry.tag = static_cast<std::uint16_t>(number(at, 2));
      entry.type = static_cast<std::uint16_t>(number(at + 2, 2));
      entry.count = number(at + 4, big_ ? 8 : 4);
      const std::uint64_t inside = big_ ? 8 : 4;
      const std::uint64_t place = start + i * entry_bytes + (big_ ? 12 : 8);
      const std::uint64_t size = type_bytes(entry.type);
      entry.at =
          size == 0 || entry.count > inside / size ? number(at + (big_ ? 12 : 8), static_cast<int>(inside)) : place;
      take(entry, page);
    }
    // A file may end right behind the last tag.
    next_ = got == raw.size() ? number(&raw[static_cast<std::size_t>(count * entry_bytes)], big_ ? 8 : 4) : 0;
    return page;
  }

 private:
  static std::uint64_t type_bytes(std::uint16_t type) {
    constexpr std::array<std::uint8_t, 19> kBytes = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
    return type < kBytes.size() ? kBytes[type] : 0;
  }

  std::uint64_t number(const std::uint8_t* at, std::uint64_t bytes) const {
    std::uint64_t value = 0;
    for (std::uint64_t i = 0; i < bytes; ++i) value = value << 8U | at[big_endian_ ? i : bytes - 1 - i];
    return value;
  }

  std::uint64_t number_at(std::uint64_t offset, std::uint64_t bytes) const {
    std::array<std::uint8_t, 8> raw{};
    if (source_->read(offset, raw.data(), static_cast<std::size_t>(bytes)) != bytes) damaged("it is truncated");
    return number(raw.data(), bytes);
  }

  // The first values of an entry as whole numbers, as far as they are there.
  std::vector<std::uint64_t> numbers(const Entry& entry, std::uint64_t most) const {
    const std::uint64_t bytes = type_bytes(entry.type);
    if (bytes == 0 || entry.type == 5 || (entry.type >= 10 && entry.type < 13)) return {};  // no whole numbers
    std::vector<std::uint8_t> raw(static_cast<std::size_t>(std::min(entry.count, most) * bytes));
    const std::size_t have = source_->read(entry.at, raw.data(), raw.size()) / static_cast<std::size_t>(bytes);
    std::vector<std::uint64_t> values(have);
    for (std::size_t i = 0; i < have; ++i) values[i] = number(&raw[i * static_cast<std::size_t>(bytes)], bytes);
    return values;
  }

  std::optional<std::uint64_t> whole(const Entry& entry) const {
    const auto values = numbers(entry, 1);
    return values.empty() ? std::nullopt : std::optional(values[0]);
  }

  // Whatever its type.
  std::optional<double> real(const Entry& entry) const {
    if (entry.count == 0) return std::nullopt;
    switch (entry.type) {
      case 5: {
        const double below = static_cast<double>(number_at(entry.at + 4, 4));
        return below > 0 ? std::optional(static_cast<double>(number_at(entry.at, 4)) / below) : std::nullopt;
      }
      case 6:
        return static_cast<double>(static_cast<std::int8_t>(number_at(entry.at, 1)));
      case 8:
        return static_cast<double>(static_cast<std::int16_t>(number_at(entry.at, 2)));
      case 9:
        return static_cast<double>(static_cast<std::int32_t>(number_at(entry.at, 4)));
      case 11:
        return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(number_at(entry.at, 4))));
      case 12:
        return std::bit_cast<double>(number_at(entry.at, 8));
      default: {
        const auto value = whole(entry);
        return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
      }
    }
  }

  void take(const Entry& entry, TiffDirectory& page) {
    const auto set = [&](std::uint64_t& to) { to = whole(entry).value_or(to); };
    switch (entry.tag) {
      case 254: {
        const std::uint64_t flags = whole(entry).value_or(0);
        page.reduced = (flags & 1U) != 0;
        page.mask = (flags & 4U) != 0;
        break;
      }
      case 255:
        page.reduced = page.reduced || whole(entry) == 2U;
        break;
      case 256:
        return set(page.width);
      case 257:
        return set(page.height);
      case 258:
        return set(page.bits);
      case 259:
        return set(page.compression);
      case 262:
        return set(page.photometric);
      case 270:
        if (!first_) break;
        page.description.resize(static_cast<std::size_t>(std::min(entry.count, kMaxDescriptionBytes)));
        page.description.resize(
            source_->read(entry.at, reinterpret_cast<std::uint8_t*>(page.description.data()), page.description.size()));
        page.description.resize(std::strlen(page.description.c_str()));
        break;
      case 273: {
        const auto places = numbers(entry, 1);
        if (!places.empty()) page.first_strip = places[0];
        strips_ = entry;
        break;
      }
      case 274:
        return set(page.orientation);
      case 277:
        return set(page.samples);
      case 279: {
        if (!first_) break;
        const auto sizes = numbers(entry, kMaxStrips);
        const auto places = numbers(strips_, kMaxStrips);
        page.strips_adjoin = sizes.size() == entry.count && places.size() == sizes.size();
        std::uint64_t end = page.first_strip;
        for (std::size_t i = 0; i < sizes.size() && page.strips_adjoin; ++i) {
          page.strips_adjoin = places[i] == end;
          end += sizes[i];
        }
        page.data_bytes = end - page.first_strip;
        break;
      }
      case 280:
      case 340:
        page.min_value = real(entry);
        break;
      case 281:
      case 341:
        page.max_value = real(entry);
        break;
      case 282:
        page.x_per_unit = real(entry);
        break;
      case 283:
        page.y_per_unit = real(entry);
        break;
      case 296:
        return set(page.unit);
      case 330:
        page.sub_directories = entry.count;
        break;
      case 339:
        return set(page.sample_format);
      case 33629:
        page.metamorph_planes = entry.count;
        break;
      default:
        break;
    }
  }

  const ByteSource* source_;
  bool big_endian_ = false;
  bool big_ = false;
  bool first_ = false;
  std::uint64_t next_ = 0;
  Entry strips_;
};

}  // namespace

TiffDirectories read_tiff_directories(const ByteSource& source) {
  Walker walker(source);
  TiffDirectories found;
  found.big_endian = walker.big_endian();
  std::unordered_set<std::uint64_t> seen;
  while (walker.next() != 0) {
    if (!seen.insert(walker.next()).second) damaged("its pages run in a circle");
    if (seen.size() > kMaxPages) throw ImageError("the TIFF has more than a million pages");
    found.pages.push_back(walker.read(found.pages.empty()));
  }
  if (found.pages.empty()) damaged("it has no page");
  return found;
}

int tiff_orientation(const ByteSource& source) noexcept {
  try {
    Walker walker(source);
    if (walker.next() == 0) return 1;
    const std::uint64_t stated = walker.read(false).orientation;
    return stated >= 1 && stated <= 8 ? static_cast<int>(stated) : 1;
  } catch (const std::exception&) {
    return 1;
  }
}

}  // namespace capillaryx
