// SPDX-License-Identifier: Apache-2.0
#include "sink/report_page.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "capillaryx/error.h"
#include "image/image.h"
#include "sink/json_text.h"
#include "sink/report_assets.h"
#include "sink/tally.h"

namespace capillaryx {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int kSmallSidePx = 160;
constexpr int kSmallQuality = 75;
constexpr std::int64_t kMaxPixels = 200'000'000;

std::string base64(std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t group =
        (bytes[i] << 16U) | (left > 1 ? bytes[i + 1] << 8U : 0U) | (left > 2 ? bytes[i + 2] : 0U);
    text += kDigits[group >> 18U];
    text += kDigits[(group >> 12U) & 63U];
    text += left > 1 ? kDigits[(group >> 6U) & 63U] : '=';
    text += left > 2 ? kDigits[group & 63U] : '=';
  }
  return text;
}

/// As a content security policy names a text that it allows.
std::string policy_hash(std::string_view text) {
  const std::string hex = sha256_hex({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  std::vector<std::uint8_t> bytes(hex.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, bytes[i], 16);
  }
  return "'sha256-" + base64(bytes) + "'";
}

/// JSON that stays inside its script element whatever it says.
std::string for_page(std::string text) {
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at)) {
    text.replace(at, 1, "\\u003c");
  }
  return text;
}

std::string dump(const json& value) { return for_page(value.dump(-1, ' ', false, json::error_handler_t::replace)); }

std::optional<std::vector<std::uint8_t>> read_file(const OutputFolder& folder, const std::string& name) {
  const auto file = folder.open(name);
  struct stat about {};
  if (!file || ::fstat(file->descriptor(), &about) != 0 || about.st_size > (1 << 30)) return std::nullopt;
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(about.st_size));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count =
        ::pread(file->descriptor(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

/// An overlay made small, as base64 of a JPEG; empty where it cannot be read (the page then links the file itself).
std::string small_picture(const OutputFolder& overlays, const std::string& name, ImageReader& reader) {
  try {
    const auto bytes = read_file(overlays, name);
    if (!bytes) return "";
    const Frame frame = reader.decode({}, *bytes);
    return base64(encode_jpeg(shrink(frame.pixels(), kSmallSidePx).view(), kSmallQuality));
  } catch (const ImageError&) {
    return "";
  } catch (const Error&) {
    return "";
  }
}

template <class Number>
void append(std::string& text, bool known, Number value) {
  text += ',';
  if (known) {
    append_json_number(text, value);
  } else {
    text += "null";
  }
}

}  // namespace

ReportPage::ReportPage(const OutputFolder& folder, const ValuePlaces& values)
    : values_(values), file_(folder, "report.html"), reader_(kMaxPixels) {
  if (folder.has_folder("overlays")) overlays_ = folder.subfolder("overlays", false);
  file_.write(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self' data: file:; "
      "style-src ");
  file_.write(policy_hash(kReportStyle) + "; script-src " + policy_hash(kReportScript) +
              "; base-uri 'none'; form-action 'none'\">\n");
  file_.write(
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n<title>Capillary density</title>\n<style>");
  file_.write(kReportStyle);
  file_.write("</style>\n</head>\n<body>");
  file_.write(kReportBody);
  file_.write("<script type=\"application/json\" id=\"data\">{\"frames\":[");
}

/// The name of the frame's overlay, or nothing where there is none.
std::string ReportPage::overlay_of(const FrameResult& result) const {
  if (!overlays_ || result.status != Status::kOk) return "";
  const std::string stem = picture_stem(result.index, result.source);
  for (const char* suffix : {".jpg", ".png"}) {
    if (overlays_->has(stem + suffix)) return stem + suffix;
  }
  return "";
}

void ReportPage::add(const FrameResult& result) {
  const bool ok = result.status == Status::kOk;
  const auto [subfolder, is_new] = subfolder_places_.emplace(subfolder_of(result), subfolders_.size());
  if (is_new) subfolders_.push_back(subfolder->first);
  const std::string overlay = overlay_of(result);
  const auto per_mm2 = count_per_mm2(result);

  std::string text = any_rows_ ? ",\n[" : "\n[";
  any_rows_ = true;
  append_json_string(text, result.source);
  append(text, true, static_cast<std::int64_t>(subfolder->second));
  append(text, true, static_cast<std::int64_t>(result.status));
  append(text, ok && result.valid_px > 0, result.density);
  append(text, ok && result.valid_px > 0, static_cast<std::int64_t>(result.capillaries.size()));
  append(text, ok && per_mm2, per_mm2.value_or(0));
  text += ',';
  append_json_string(text, result.error);
  append(text, result.width > 0, std::int64_t{result.width});
  append(text, result.height > 0, std::int64_t{result.height});
  append(text, ok, result.timing.total_ms);
  text += ',';
  if (overlay.empty()) {
    text += "null";
  } else {
    append_json_string(text, overlay);
  }
  append(text, result.scale_um_per_px.has_value(), result.scale_um_per_px.value_or(0));
  if (result.values.empty()) {
    text += ",null";
  } else {
    std::vector<std::string> values(values_.size(), "null");
    for (const auto& [name, value] : result.values) {
      std::string& place = values[values_.at(name)];
      place.clear();
      append_json_number(place, value);
    }
    text += fmt::format(",[{}]", fmt::join(values, ","));
  }
  text += ",\"";
  if (!overlay.empty() && small_pictures_ < kSmallPictures) {
    ++small_pictures_;
    text += small_picture(*overlays_, overlay, reader_);
  }
  text += "\"]";
  file_.write(for_page(std::move(text)));
}

void ReportPage::commit(const json& run, const json& summary) {
  std::map<std::string, json> summaries;
  if (const json list = summary.value("subfolders", json()); list.is_array()) {
    for (const json& each : list) {
      if (each.is_object() && each.value("name", json()).is_string()) summaries[each["name"]] = each;
    }
  }
  json subfolders = json::array();
  for (const std::string& name : subfolders_) subfolders.push_back(summaries[name]);
  json value_names = json::array();
  for (std::size_t place = 0; place < values_.size(); ++place) value_names.push_back("");
  for (const auto& [name, place] : values_) value_names[place] = name;
  json short_summary = summary;
  short_summary.erase("subfolders");
  file_.write("\n],\n\"run\":" + dump(run) + ",\n\"summary\":" + dump(short_summary) + ",\n\"subfolders\":" +
              dump(subfolders) + ",\n\"value_names\":" + dump(value_names) + "}</script>\n<script>");
  file_.write(kReportScript);
  file_.write("</script>\n</body>\n</html>\n");
  file_.commit();
}

}  // namespace capillaryx
