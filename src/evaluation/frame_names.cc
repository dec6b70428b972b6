// SPDX-License-Identifier: Apache-2.0
#include "evaluation/frame_names.h"

#include <algorithm>

#include "evaluation/decompositions.h"
#include "sink/json_text.h"

namespace capillaryx {
namespace {

constexpr char32_t kFirstMark = 0x300, kLastMark = 0x36F;  // combining diacritical marks

void append_decomposed(char32_t code, std::u32string& text) {
  // Hangul syllables (Unicode, section 3.12).
  constexpr char32_t kSyllables = 0xAC00, kLeads = 0x1100, kVowels = 0x1161, kTails = 0x11A7;
  constexpr char32_t kVowelCount = 21, kTailCount = 28, kSyllableCount = 19 * kVowelCount * kTailCount;
  if (code >= kSyllables && code < kSyllables + kSyllableCount) {
    const char32_t index = code - kSyllables;
    text.push_back(kLeads + index / (kVowelCount * kTailCount));
    text.push_back(kVowels + index % (kVowelCount * kTailCount) / kTailCount);
    if (index % kTailCount != 0) text.push_back(kTails + index % kTailCount);
    return;
  }
  const auto* const found = std::lower_bound(kDecompositions.begin(), kDecompositions.end(), code,
                                             [](const Decomposition& each, char32_t c) { return each.composed < c; });
  if (found == kDecompositions.end() || found->composed != code) {
    text += code;
    return;
  }
  for (const char16_t part : {found->part1, found->part2, found->part3, found->part4}) {
    if (part != 0) text.push_back(part);
  }
}

void append_utf8(char32_t code, std::string& text) {
  const auto byte = [&text](char32_t value) { text += static_cast<char>(static_cast<unsigned char>(value)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
  }
  byte(0x80 | (code & 0x3F));
}

}  // namespace

std::string comparable_name(const std::string& name) {
  const std::string clean = clean_utf8(name);
  std::u32string decomposed;
  for (std::size_t at = 0; at < clean.size();) {
    char32_t code = 0;
    at += utf8_character(clean, at, code);
    append_decomposed(code == U'\\' ? U'/' : code, decomposed);
  }
  // Marks of one letter in one order, whichever they were composed in.
  for (auto mark = decomposed.begin(); mark != decomposed.end();) {
    const auto is_mark = [](char32_t code) { return code >= kFirstMark && code <= kLastMark; };
    mark = std::find_if(mark, decomposed.end(), is_mark);
    const auto end = std::find_if_not(mark, decomposed.end(), is_mark);
    std::sort(mark, end);
    mark = end;
  }
  std::string text;
  for (const char32_t code : decomposed) append_utf8(code, text);
  return text;
}

FrameNames::Parts FrameNames::parts_of(const std::string& name) {
  Parts parts;
  std::string path = comparable_name(name);
  const std::size_t slash = path.rfind('/');
  std::string last = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::size_t dot = last.rfind('.');
  const std::size_t first = last.find_first_not_of('.');
  if (dot != std::string::npos && first != std::string::npos && dot > first) {
    const std::size_t page = last.find('#', dot);
    last = last.substr(0, dot) + (page == std::string::npos ? "" : last.substr(page));
  }
  parts.push_back(std::move(last));
  for (std::size_t end = slash; end != std::string::npos && end > 0;) {
    const std::size_t before = path.rfind('/', end - 1);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    std::string part = path.substr(begin, end - begin);
    if (!part.empty() && part != ".") parts.push_back(std::move(part));
    end = before;
  }
  return parts;
}

FrameNames::FrameNames(const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    Parts parts = parts_of(names[i]);
    std::vector<Known>& known = by_last_part_[parts.front()];
    duplicates_ =
        duplicates_ || std::any_of(known.begin(), known.end(), [&](const Known& each) { return each.parts == parts; });
    known.push_back({std::move(parts), static_cast<int>(i)});
  }
}

int FrameNames::find(const std::string& name) const {
  const Parts parts = parts_of(name);
  const auto found = by_last_part_.find(parts.front());
  if (found == by_last_part_.end()) return kNone;
  std::ptrdiff_t most = 0;
  int place = kNone;
  for (const Known& known : found->second) {
    const std::ptrdiff_t common =
        std::mismatch(parts.begin(), parts.end(), known.parts.begin(), known.parts.end()).first - parts.begin();
    if (common > most) {
      most = common;
      place = known.place;
    } else if (common == most) {
      place = kSeveral;
    }
  }
  return place;
}

std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) text += (i > 0 ? ", " : "") + clean_utf8(names[i]);
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return names.empty() ? "none" : text;
}

}  // namespace capillaryx
