// SPDX-License-Identifier: Apache-2.0
#include "sink/input_line.h"

#include "sink/json_fields.h"
#include "sink/results_reader.h"

namespace capillaryx {

using nlohmann::json;

const char* to_string(FileKind kind) {
  switch (kind) {
    case FileKind::kImage:
      return "image";
    case FileKind::kStack:
      return "stack";
    case FileKind::kVideo:
      return "video";
    case FileKind::kLive:
      return "live";
  }
  return "image";
}

void append_input_line(std::string& out, const InputInfo& input) {
  out += kInputLineStart;
  append_key(out, "file");
  append_json_string(out, input.file);
  append_text_or_null(out, "sha256", input.sha256);
  append_key(out, "kind");
  append_json_string(out, to_string(input.kind));
  append_field(out, "pages", input.pages);
  append_field(out, "fps", input.fps);
  append_key(out, "size");
  if (input.width > 0 && input.height > 0) {
    out += '[';
    append_json_number(out, std::int64_t{input.width});
    out += ',';
    append_json_number(out, std::int64_t{input.height});
    out += ']';
  } else {
    out += "null";
  }
  append_field(out, "value_range", input.value_range);
  append_field(out, "scale_um_per_px", input.scale_um_per_px);
  append_text_or_null(out, "scale_from", input.scale_from);
  append_field(out, "magnification", input.magnification);
  append_texts(out, "notes", input.notes);
  out += '}';
}

InputInfo parse_input_line(std::string_view line) {
  const json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) refuse_line("not a JSON object");
  InputInfo input;
  input.file = text_of(object, "file");
  input.sha256 = text_or_empty(object, "sha256");
  const std::string kind = text_of(object, "kind");
  bool known = false;
  for (const FileKind each : {FileKind::kImage, FileKind::kStack, FileKind::kVideo, FileKind::kLive}) {
    if (kind != to_string(each)) continue;
    input.kind = each;
    known = true;
  }
  if (!known) refuse_line("unknown kind of file");
  input.pages = optional_integer(object, "pages");
  input.fps = optional_number(object, "fps");
  if (!absent(object, "size")) {
    const json& size = member(object, "size");
    if (!size.is_array() || size.size() != 2) refuse_line("size is not two numbers");
    input.width = int_of(size[0], "size");
    input.height = int_of(size[1], "size");
  }
  input.value_range = optional_range(object, "value_range");
  input.scale_um_per_px = optional_number(object, "scale_um_per_px");
  input.scale_from = text_or_empty(object, "scale_from");
  input.magnification = optional_number(object, "magnification");
  input.notes = texts_of(object, "notes");
  if (const std::string flaw = find_flaw(input); !flaw.empty()) refuse_line(flaw);
  return input;
}

}  // namespace capillaryx
