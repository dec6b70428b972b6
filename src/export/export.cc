// SPDX-License-Identifier: Apache-2.0
#include "export/export.h"

#include <fmt/format.h>

#include <iterator>

#include "capillaryx/error.h"
#include "evaluation/detections.h"
#include "evaluation/frame_names.h"
#include "sink/json_text.h"
#include "sink/results_reader.h"

namespace capillaryx {
namespace {

namespace fs = std::filesystem;

/// One list of detections.
class CocoResults {
 public:
  CocoResults(const OutputFolder& folder, const std::optional<Labels>& labels)
      : labels_(labels), names_(labels ? names_of(*labels) : std::vector<std::string>{}), file_(folder, kName) {
    file_.write("[");
  }

  void add(const FrameResult& result) {
    if (result.capillaries.empty()) return;
    const std::int64_t image = image_id(result);
    const std::int64_t category = labels_ ? labels_->category_ids.front() : 1;
    for (const Capillary& capillary : result.capillaries) {
      const auto& box = capillary.bbox;
      std::string text =
          fmt::format("{}\n{{\"image_id\":{},\"category_id\":{},\"bbox\":[{},{},{},{}],\"area\":{},\"segmentation\":[[",
                      first_ ? "" : ",", image, category, box[0], box[1], box[2], box[3], capillary.area_px);
      first_ = false;
      append_json_numbers(text, capillary.polygon);
      text += "]],\"score\":";
      append_json_number(text, capillary.score);
      text += '}';
      file_.write(text);
    }
  }

  void commit() {
    file_.write("\n]\n");
    file_.commit();
  }

 private:
  static constexpr const char* kName = "coco_results.json";

  std::int64_t image_id(const FrameResult& result) const {
    if (!labels_) return result.index + 1;
    const std::string name = name_of(result);
    const int place = names_.find(name);
    if (place < 0) {
      throw Error(ErrorKind::kInput,
                  fmt::format("{}: {} labelled frame is '{}' of the run; the labels have {}", labels_->file.string(),
                              place == FrameNames::kSeveral ? "more than one" : "no", clean_utf8(name),
                              some_of(names_of(*labels_))));
    }
    const LabelledFrame& frame = labels_->frames[static_cast<std::size_t>(place)];
    check_size(*labels_, frame, result.width, result.height);
    return frame.id;
  }

  const std::optional<Labels>& labels_;
  FrameNames names_;
  NewFile file_;
  bool first_ = true;
};

struct FrameFormat {
  const char* suffix;
  std::string (*text)(const FrameResult&);
};

FrameFormat frame_format(ExportFormat format) {
  if (format == ExportFormat::kGeojson) return {".geojson", geojson_of};
  if (format == ExportFormat::kLabelme) return {".json", labelme_of};
  return {".zip", imagej_roi_set_of};
}

void append_points(std::string& text, const std::vector<float>& polygon, bool closed) {
  const std::size_t end = polygon.size() + (closed ? 2 : 0);
  for (std::size_t i = 0; i + 1 < end; i += 2) {
    text += i == 0 ? "[" : ",[";
    append_json_number(text, polygon[i % polygon.size()]);
    text += ',';
    append_json_number(text, polygon[i % polygon.size() + 1]);
    text += ']';
  }
}

void check_run(const JournalState& state, const fs::path& journal) {
  if (state.run.is_null()) throw Error(ErrorKind::kInput, journal.string() + ": holds no results");
}

}  // namespace

std::string geojson_of(const FrameResult& result) {
  std::string text = R"({"type":"FeatureCollection","features":[)";
  for (std::size_t i = 0; i < result.capillaries.size(); ++i) {
    const Capillary& capillary = result.capillaries[i];
    if (capillary.polygon.size() < 6) continue;
    text += text.back() == '[' ? "\n" : ",\n";
    text += R"({"type":"Feature","geometry":{"type":"Polygon","coordinates":[[)";
    append_points(text, capillary.polygon, /*closed=*/true);
    fmt::format_to(
        std::back_inserter(text),
        R"(]]}},"properties":{{"objectType":"annotation","name":"capillary {}",)"
        R"("classification":{{"name":"capillary","color":[0,160,0]}},"measurements":{{"area_px":{},"score":)",
        i + 1, capillary.area_px);
    append_json_number(text, capillary.score);
    text += "}}}";
  }
  return text + "\n]}\n";
}

std::string labelme_of(const FrameResult& result) {
  std::string text = R"({"version":"5.5.0","flags":{},"shapes":[)";
  for (const Capillary& capillary : result.capillaries) {
    text += text.back() == '[' ? "\n" : ",\n";
    text += R"({"label":"capillary","points":[)";
    append_points(text, capillary.polygon, /*closed=*/false);
    text += R"(],"group_id":null,"description":"score )";
    append_json_number(text, capillary.score);
    text += R"(","shape_type":"polygon","flags":{}})";
  }
  text += "\n],\"imagePath\":";
  append_json_string(text, unescaped(result.source));
  fmt::format_to(std::back_inserter(text), R"(,"imageData":null,"imageHeight":{},"imageWidth":{}}})", result.height,
                 result.width);
  return text + "\n";
}

std::size_t export_results(const fs::path& journal, ExportFormat format, const std::optional<Labels>& labels,
                           const OutputFolder& folder) {
  if (format == ExportFormat::kCocoResults) {
    CocoResults file(folder, labels);
    check_run(read_journal(journal, [&](const FrameResult& result) { file.add(result); }), journal);
    file.commit();
    return 1;
  }
  const auto [suffix, text] = frame_format(format);
  std::size_t files = 0;
  const JournalState state = read_journal(journal, [&, suffix = suffix, text = text](const FrameResult& result) {
    if (result.status != Status::kOk) return;
    NewFile file(folder, picture_stem(result.index, result.source) + suffix);
    file.write(text(result));
    file.commit(/*durable=*/false);
    ++files;
  });
  check_run(state, journal);
  return files;
}

}  // namespace capillaryx
