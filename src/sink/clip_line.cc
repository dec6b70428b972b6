// SPDX-License-Identifier: Apache-2.0
#include "sink/clip_line.h"

#include <cstdint>
#include <span>

#include "sink/json_fields.h"
#include "sink/json_text.h"

namespace capillaryx {
namespace {

/// `"key":[a,b,...]`, each by `append(value)`.
template <class List, class Append>
void append_list(std::string& out, const char* key, const List& list, const Append& append) {
  append_key(out, key);
  out += '[';
  bool first = true;
  for (const auto& value : list) {
    if (!first) out += ',';
    first = false;
    append(value);
  }
  out += ']';
}

template <class List>
void append_whole_numbers(std::string& out, const char* key, const List& list) {
  append_list(out, key, list, [&out](auto value) { append_json_number(out, static_cast<std::int64_t>(value)); });
}

template <class List>
void append_decimals(std::string& out, const char* key, const List& list) {
  append_list(out, key, list, [&out](double value) { append_json_number(out, value); });
}

std::optional<std::int64_t> wide(const std::optional<int>& value) {
  return value ? std::optional<std::int64_t>(*value) : std::nullopt;
}

/// An object's members come after a comma; the first has none before it.
void drop_comma(std::string& out, std::size_t at) { out.erase(at, 1); }

}  // namespace

void append_clip_line(std::string& out, const ClipResult& clip) {
  out += kClipLineStart;
  append_key(out, "file");
  append_json_string(out, clip.file);
  append_field(out, "frames", std::int64_t{clip.frames});
  append_field(out, "usable", std::int64_t{clip.usable});
  append_field(out, "registered", std::int64_t{clip.registered});
  append_field(out, "reference", wide(clip.reference));
  append_key(out, "motion");
  out += '{';
  std::size_t start = out.size();
  append_decimals(out, "dx", clip.motion.dx);
  append_decimals(out, "dy", clip.motion.dy);
  append_decimals(out, "rotation_deg", clip.motion.rotation_deg);
  append_list(out, "registered", clip.motion.registered, [&out](bool value) { out += value ? "true" : "false"; });
  drop_comma(out, start);
  out += '}';
  append_whole_numbers(out, "extent", clip.extent);
  append_field(out, "count", wide(clip.count));
  append_field(out, "density", clip.density);
  append_field(out, "seen_px", clip.seen_px);
  append_field(out, "count_per_mm2", clip.count_per_mm2);
  append_key(out, "repeatability");
  if (clip.repeatability) {
    out += '{';
    start = out.size();
    append_whole_numbers(out, "count", clip.repeatability->count);
    append_decimals(out, "density", clip.repeatability->density);
    drop_comma(out, start);
    out += '}';
  } else {
    out += "null";
  }
  append_key(out, "quality");
  out += '{';
  start = out.size();
  append_field(out, "illumination", wide(clip.quality.illumination));
  append_field(out, "duration", wide(clip.quality.duration));
  append_field(out, "focus", wide(clip.quality.focus));
  append_field(out, "content", wide(clip.quality.content));
  append_field(out, "stability", wide(clip.quality.stability));
  append_field(out, "pressure", wide(clip.quality.pressure));
  drop_comma(out, start);
  out += '}';
  append_list(out, "capillaries", clip.capillaries, [&out](const ClipCapillary& capillary) {
    out += '{';
    const std::size_t first = out.size();
    append_field(out, "id", std::int64_t{capillary.id});
    append_whole_numbers(out, "bbox", capillary.bbox);
    append_whole_numbers(out, "polygon", capillary.polygon);
    append_field(out, "area_px", capillary.area_px);
    append_field(out, "score", capillary.score);
    append_field(out, "seen", std::int64_t{capillary.seen});
    append_field(out, "in_view", std::int64_t{capillary.in_view});
    drop_comma(out, first);
    out += '}';
  });
  append_text_or_null(out, "reason", clip.reason);
  out += '}';
}

}  // namespace capillaryx
