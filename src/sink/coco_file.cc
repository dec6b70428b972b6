// SPDX-License-Identifier: Apache-2.0
#include "sink/coco_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "sink/json_text.h"
#include "sink/notice.h"

namespace capillaryx {
namespace {

constexpr const char* kImages = "coco_images";
constexpr std::size_t kBufferBytes = 1 << 16;

}  // namespace

CocoFile::CocoFile(const OutputFolder& folder)
    : folder_(folder), file_(folder, "coco.json"), images_(folder.create_anew(temporary_name(kImages))) {
  std::string start = R"({"info":{"description":)";
  append_json_string(start, kNotice);
  start += R"(},"licenses":[],"categories":[{"id":1,"name":"capillary","supercategory":""}],"annotations":[)";
  file_.write(start);
}

CocoFile::~CocoFile() {
  try {
    folder_.remove(temporary_name(kImages));
  } catch (const std::exception&) {  // the next run removes it
  }
}

void CocoFile::add(const FrameResult& result) {
  if (result.status != Status::kOk) return;
  const std::int64_t image = result.index + 1;
  std::string text =
      fmt::format("{}\n{{\"id\":{},\"file_name\":", image_bytes_ + image_buffer_.size() > 0 ? "," : "", image);
  append_json_string(text, result.source);
  fmt::format_to(std::back_inserter(text), ",\"width\":{},\"height\":{}}}", result.width, result.height);
  write_image(text);
  for (const Capillary& capillary : result.capillaries) {
    const auto& box = capillary.bbox;
    text = fmt::format(
        "{}\n{{\"id\":{},\"image_id\":{},\"category_id\":1,\"bbox\":[{},{},{},{}],\"area\":{},\"iscrowd\":0,"
        "\"segmentation\":[[",
        annotations_ > 0 ? "," : "", annotations_ + 1, image, box[0], box[1], box[2], box[3], capillary.area_px);
    ++annotations_;
    append_json_numbers(text, capillary.polygon);
    text += "]],\"score\":";
    append_json_number(text, capillary.score);
    text += '}';
    file_.write(text);
  }
}

void CocoFile::write_image(std::string_view text) {
  image_buffer_ += text;
  if (image_buffer_.size() >= kBufferBytes) flush_images();
}

void CocoFile::flush_images() {
  for (std::string_view rest = image_buffer_; !rest.empty();) {
    const ssize_t count = ::pwrite(images_->descriptor(), rest.data(), rest.size(), image_bytes_);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw_output_error("coco.json in " + folder_.path().string() + " cannot be written", errno);
    rest.remove_prefix(static_cast<std::size_t>(count));
    image_bytes_ += count;
  }
  image_buffer_.clear();
}

void CocoFile::commit() {
  flush_images();
  file_.write("\n],\"images\":[");
  std::string chunk(kBufferBytes, '\0');
  for (std::int64_t at = 0; at < image_bytes_;) {
    const ssize_t count = ::pread(images_->descriptor(), chunk.data(), chunk.size(), at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw_output_error("coco.json in " + folder_.path().string() + " cannot be written", errno);
    file_.write(std::string_view(chunk).substr(0, static_cast<std::size_t>(count)));
    at += count;
  }
  file_.write("\n]}\n");
  file_.commit();
}

}  // namespace capillaryx
