// SPDX-License-Identifier: Apache-2.0
#include "executor/input_message.h"

#include <cmath>
#include <utility>

#include "executor/channel.h"

namespace capillaryx {

flatbuffers::Offset<wire::Input> write_input(flatbuffers::FlatBufferBuilder& builder, const InputInfo& input,
                                             bool page_times) {
  const auto file = builder.CreateString(input.file);
  const auto sha256 = builder.CreateString(input.sha256);
  const auto scale_from = builder.CreateString(input.scale_from);
  const auto times = builder.CreateVector(page_times ? input.page_times_s : std::vector<double>());
  const auto notes = builder.CreateVectorOfStrings(input.notes);
  wire::InputBuilder body(builder);
  body.add_file(file);
  body.add_sha256(sha256);
  body.add_kind(static_cast<std::int8_t>(input.kind));
  if (input.pages) body.add_pages(*input.pages);
  if (input.fps) body.add_fps(*input.fps);
  body.add_width(input.width);
  body.add_height(input.height);
  const wire::Range range =
      input.value_range ? wire::Range((*input.value_range)[0], (*input.value_range)[1]) : wire::Range();
  if (input.value_range) body.add_value_range(&range);
  if (input.scale_um_per_px) body.add_scale_um_per_px(*input.scale_um_per_px);
  body.add_scale_from(scale_from);
  if (input.magnification) body.add_magnification(*input.magnification);
  body.add_page_times_s(times);
  body.add_notes(notes);
  return body.Finish();
}

std::shared_ptr<const InputInfo> read_input(const wire::Input& message) {
  auto input = std::make_shared<InputInfo>();
  input->file = message.file()->str();
  input->sha256 = read_sha256(*message.sha256());
  if (message.kind() < 0 || message.kind() > static_cast<std::int8_t>(FileKind::kLive)) {
    throw ProtocolError("a file of unknown kind");
  }
  input->kind = static_cast<FileKind>(message.kind());
  if (message.pages()) input->pages = *message.pages();
  if (message.fps()) input->fps = read_finite(*message.fps());
  input->width = message.width();
  input->height = message.height();
  if (input->width < 0 || input->height < 0 || input->pages.value_or(0) < 0) {
    throw ProtocolError("a file of negative size");
  }
  if (const wire::Range* range = message.value_range()) {
    input->value_range = {read_finite(range->low()), read_finite(range->high())};
  }
  if (message.scale_um_per_px()) input->scale_um_per_px = read_finite(*message.scale_um_per_px());
  input->scale_from = message.scale_from()->str();
  if (message.magnification()) input->magnification = read_finite(*message.magnification());
  for (const double time : *message.page_times_s()) input->page_times_s.push_back(read_finite(time));
  input->notes = read_texts(*message.notes());
  return input;
}

std::vector<std::string> read_texts(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>& texts) {
  std::vector<std::string> read;
  read.reserve(texts.size());
  for (const auto* text : texts) read.push_back(text->str());
  return read;
}

std::string read_sha256(const flatbuffers::String& text) {
  std::string hash = text.str();
  if (!hash.empty() && (hash.size() != 64 || hash.find_first_not_of("0123456789abcdef") != std::string::npos)) {
    throw ProtocolError("a hash that is none");
  }
  return hash;
}

double read_finite(double value) {
  if (!std::isfinite(value)) throw ProtocolError("a number that is not finite");
  return value;
}

}  // namespace capillaryx
