// SPDX-License-Identifier: Apache-2.0
#include "sink/plain_pictures.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <system_error>

namespace capillaryx {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kShownByBrowsers{".png", ".jpg", ".jpeg", ".bmp"};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

/// The bytes of a file's name, of which results write some as %XX.
std::string bytes_of(std::string_view name) {
  std::string bytes;
  for (std::size_t i = 0; i < name.size(); ++i) {
    unsigned value = 0;
    if (name[i] == '%' && i + 2 < name.size() &&
        std::from_chars(name.data() + i + 1, name.data() + i + 3, value, 16).ptr == name.data() + i + 3) {
      bytes += static_cast<char>(value);
      i += 2;
    } else {
      bytes += name[i];
    }
  }
  return bytes;
}

/// Whether it is a regular file that a browser shows as it was decoded: browsers turn a picture with EXIF data as these
/// say, the program does not.
bool is_shown_as_decoded(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return false;
  const OpenFile file(descriptor);
  struct stat about {};
  if (::fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode)) return false;
  std::array<char, 4096> head{};
  const ssize_t count = ::pread(descriptor, head.data(), head.size(), 0);
  return count > 0 &&
         std::string_view(head.data(), static_cast<std::size_t>(count)).find("Exif") == std::string_view::npos;
}

fs::path resolved(const fs::path& path) {
  std::error_code error;
  const fs::path found = fs::weakly_canonical(path, error);
  return error ? path : found;
}

}  // namespace

bool is_shown_by_browsers(std::string_view file, std::optional<std::int64_t> page) {
  const std::string suffix = lower(fs::path(file).extension().string());
  return !page && std::find(kShownByBrowsers.begin(), kShownByBrowsers.end(), suffix) != kShownByBrowsers.end();
}

std::string url_of(std::string_view path) {
  std::string url;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      url += c;
    } else {
      fmt::format_to(std::back_inserter(url), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return url;
}

PlainPictures::PlainPictures(const OutputFolder& folder) : folder_(resolved(folder.path())) {
  if (folder.has_folder(kPlainPictures)) pictures_ = folder.subfolder(kPlainPictures, false);
}

void PlainPictures::set_run(const nlohmann::json& run) {
  inputs_.assign(1, fs::path());
  const nlohmann::json::json_pointer place("/host/paths/inputs");
  if (!run.is_object() || !run.contains(place) || !run.at(place).is_array()) return;
  for (const nlohmann::json& input : run.at(place)) {
    if (input.is_string()) inputs_.emplace_back(bytes_of(input.get<std::string>()));
  }
}

std::string PlainPictures::find(const FrameResult& result) const {
  if (pictures_) {
    const std::string name = picture_stem(result.index, result.source) + ".jpg";
    if (pictures_->has(name)) return "pictures/" + url_of(name);
  }
  const fs::path input = find_input(result);
  return input.empty() ? "" : url_of(input.lexically_relative(folder_).generic_string());
}

fs::path PlainPictures::find_input(const FrameResult& result) const {
  if (result.width == 0 || !is_shown_by_browsers(result.file, result.page)) return {};
  const fs::path file = bytes_of(result.file);
  for (const fs::path& input : inputs_) {
    fs::path path = resolved(input / file);
    if (is_shown_as_decoded(path)) return path;
  }
  return {};
}

std::string PlainPictures::find_mosaic(std::int64_t first, const std::string& file) const {
  const std::string name = picture_stem(first, file) + "_mosaic.jpg";
  return pictures_ && pictures_->has(name) ? "pictures/" + url_of(name) : "";
}

}  // namespace capillaryx
