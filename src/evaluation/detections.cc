// SPDX-License-Identifier: Apache-2.0
#include "evaluation/detections.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <utility>

#include "evaluation/coco_json.h"
#include "evaluation/frame_names.h"
#include "sink/json_text.h"
#include "sink/results_reader.h"

namespace capillaryx {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Puts the frames of a run beside those of the labels.
class Joiner {
 public:
  Joiner(const fs::path& file, Labels& labels)
      : file_(file), labels_(labels), names_(names_of(labels)), run_name_(labels.frames.size()) {}

  /// The labelled frame of that name, or null if there is none.
  LabelledFrame* find(const std::string& name) const {
    const int place = names_.find(name);
    if (place == FrameNames::kSeveral) {
      coco::refuse(file_, "several labelled frames could be '" + clean_utf8(name) +
                              "': the two sides need more of their paths in common. The labels have " +
                              some_of(names_of(labels_)));
    }
    return place == FrameNames::kNone ? nullptr : &labels_.frames[static_cast<std::size_t>(place)];
  }

  /// As above, for a frame that stands in the run, `shown` as that: two of them are not one labelled frame.
  LabelledFrame* claim(const std::string& name, const std::string& shown) {
    run_names_.push_back(shown);
    LabelledFrame* const frame = find(name);
    if (frame == nullptr) return nullptr;
    std::string& before = run_name_[static_cast<std::size_t>(frame - labels_.frames.data())];
    if (!before.empty()) {
      coco::refuse(file_, "the frames '" + clean_utf8(before) + "' and '" + clean_utf8(shown) +
                              "' are both the labelled frame '" + clean_utf8(frame->name) + "'");
    }
    before = shown;
    return frame;
  }

  /// Notes a frame that was skipped before analysis.
  void skip(const std::string& name) {
    const int place = names_.find(name);
    if (place < 0) return;
    std::string& before = run_name_[static_cast<std::size_t>(place)];
    if (before.empty()) before = name;
  }

  /// Notes a frame that has detections and no labels.
  void add_unlabelled(const std::string& name) {
    if (std::find(unlabelled_.begin(), unlabelled_.end(), name) == unlabelled_.end()) unlabelled_.push_back(name);
  }

  /// Refuses frames that one side alone has, or leaves them out. `all_named`: the results name every frame of the run.
  std::size_t finish(bool subset, bool all_named) {
    if (!unlabelled_.empty() && !subset) refuse_sides("the labels do not have " + some_of(unlabelled_));
    if (!all_named) return 0;
    std::vector<std::string> missing;
    std::vector<LabelledFrame> kept;
    for (std::size_t i = 0; i < run_name_.size(); ++i) {
      if (run_name_[i].empty()) {
        missing.push_back(labels_.frames[i].name);
      } else {
        kept.push_back(std::move(labels_.frames[i]));
      }
    }
    if (missing.empty() || (subset && !kept.empty())) {
      labels_.frames = std::move(kept);
      return missing.size();
    }
    labels_.frames = std::move(kept);
    refuse_sides((subset ? "none of the labelled frames is in the run: it does not have "
                         : "the run does not have the labelled frames ") +
                 some_of(missing));
  }

 private:
  [[noreturn]] void refuse_sides(const std::string& what) const {
    std::vector<std::string> labelled = names_of(labels_);
    coco::refuse(file_, what + ".\n  The run has: " + some_of(run_names_.empty() ? unlabelled_ : run_names_) +
                            "\n  The labels have: " + some_of(labelled) +
                            "\nPaths are compared from their end, suffixes aside. --subset evaluates the frames that "
                            "both have");
  }

  const fs::path& file_;
  Labels& labels_;
  FrameNames names_;
  std::vector<std::string> run_name_;  ///< of each labelled frame; empty: not seen
  std::vector<std::string> run_names_, unlabelled_;
};

std::size_t add_journal(const fs::path& file, Labels& labels, bool subset) {
  Joiner joiner(file, labels);
  const JournalState journal = read_journal(file, [&](const FrameResult& result) {
    LabelledFrame* const frame = joiner.claim(name_of(result), result.source);
    if (frame == nullptr) {
      if (!result.capillaries.empty()) joiner.add_unlabelled(result.source);
      return;
    }
    check_size(labels, *frame, result.width, result.height);
    for (const Capillary& capillary : result.capillaries) {
      const std::vector<double> polygon(capillary.polygon.begin(), capillary.polygon.end());
      const auto& box = capillary.bbox;
      frame->detections.push_back(
          {{double(box[0]), double(box[1]), double(box[2]), double(box[3])}, capillary.score, polygon_area(polygon)});
    }
  });
  if (journal.run.is_null()) coco::refuse(file, "holds no results");
  if (journal.summary.is_object() && journal.summary.value("skipped", json()).is_object()) {
    for (const json& each : journal.summary.at("skipped").value("first", json::array())) {
      if (each.is_object() && each.value("source", json()).is_string()) {
        joiner.skip(unescaped(each.at("source").get<std::string>()));
      }
    }
  }
  return joiner.finish(subset, /*all_named=*/true);
}

Detection detection_of(const fs::path& file, const json& object, const LabelledFrame& frame) {
  const Box box = coco::box_of(file, object);
  const json score = object.value("score", json(1.0));
  return {box, coco::number(file, score, "score"), coco::area_of(file, object, box, frame.width, frame.height)};
}

/// A dataset: its images go by their names.
std::size_t add_dataset(const fs::path& file, const json& coco, Labels& labels, bool subset) {
  Joiner joiner(file, labels);
  std::map<std::int64_t, std::pair<std::string, LabelledFrame*>> by_id;
  for (const json& image : coco::list_of(file, coco, "images")) {
    const json name = image.value("file_name", json());
    if (!name.is_string()) coco::refuse(file, "an image has no file_name");
    const std::string text = name.get<std::string>();
    LabelledFrame* const frame = joiner.claim(text, text);
    if (frame != nullptr) {
      check_size(labels, *frame, coco::size_of(file, image, "width"), coco::size_of(file, image, "height"));
    }
    by_id[coco::id_of(file, image, "id")] = {text, frame};
  }
  const std::vector<std::int64_t> ids = coco::ids_of_category(file, coco, labels.category);
  for (const json& object : coco::list_of(file, coco, "annotations")) {
    if (std::find(ids.begin(), ids.end(), coco::id_of(file, object, "category_id")) == ids.end()) continue;
    const auto found = by_id.find(coco::id_of(file, object, "image_id"));
    if (found == by_id.end()) coco::refuse(file, "an annotation belongs to no image");
    const auto& [name, frame] = found->second;
    if (frame == nullptr) {
      joiner.add_unlabelled(name);
    } else {
      frame->detections.push_back(detection_of(file, object, *frame));
    }
  }
  return joiner.finish(subset, /*all_named=*/true);
}

/// A list of COCO results: frames by the labels' ids, or by name.
std::size_t add_results_list(const fs::path& file, const json& list, Labels& labels, bool subset) {
  Joiner joiner(file, labels);
  std::map<std::int64_t, LabelledFrame*> by_id;
  for (LabelledFrame& frame : labels.frames) by_id[frame.id] = &frame;
  std::map<std::int64_t, std::size_t> other_categories;
  std::size_t counted = 0;
  for (const json& object : list) {
    if (!object.is_object()) coco::refuse(file, "a detection is not an object");
    if (object.contains("category_id")) {
      const std::int64_t category = coco::id_of(file, object, "category_id");
      const auto& ids = labels.category_ids;
      if (std::find(ids.begin(), ids.end(), category) == ids.end()) {
        ++other_categories[category];
        continue;
      }
    }
    ++counted;
    const json name = object.value("file_name", json());
    const bool named = name.is_string() && !name.get<std::string>().empty();
    LabelledFrame* frame = nullptr;
    if (named) {
      frame = joiner.find(name.get<std::string>());
    } else {
      const auto found = by_id.find(coco::id_of(file, object, "image_id"));
      frame = found == by_id.end() ? nullptr : found->second;
    }
    if (frame == nullptr) {
      joiner.add_unlabelled(named ? name.get<std::string>() : "image_id " + object.at("image_id").dump());
    } else {
      frame->detections.push_back(detection_of(file, object, *frame));
    }
  }
  if (counted == 0 && !other_categories.empty()) {
    std::string text;
    for (const auto& [id, count] : other_categories) {
      text += (text.empty() ? "" : ", ") + std::to_string(id) + " (" + std::to_string(count) + " detections)";
    }
    coco::refuse(file, "no detection has the labels' category_id of '" + clean_utf8(labels.category) + "', " +
                           std::to_string(labels.category_ids.front()) + "; it has " + text);
  }
  return joiner.finish(subset, /*all_named=*/false);
}

/// Whether a file starts as a journal of this program does.
bool is_journal(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string start(14, '\0');
  stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  return start == R"({"type":"run",)";
}

std::size_t add_file(const fs::path& file, Labels& labels, bool subset) {
  if (is_journal(file)) return add_journal(file, labels, subset);
  const json coco = coco::read_json(file);
  if (coco.is_array()) return add_results_list(file, coco, labels, subset);
  if (coco.is_object()) return add_dataset(file, coco, labels, subset);
  coco::refuse(file, "is neither a results.jsonl nor a COCO file");
}

}  // namespace

std::size_t add_detections(const fs::path& results, Labels& labels, bool subset) {
  std::error_code error;
  if (!fs::is_directory(results, error)) return add_file(results, labels, subset);
  if (fs::exists(results / "results.jsonl", error)) return add_journal(results / "results.jsonl", labels, subset);
  if (fs::exists(results / "coco.json", error)) return add_file(results / "coco.json", labels, subset);
  coco::refuse(results, "holds neither results.jsonl nor coco.json");
}

std::string unescaped(const std::string& name) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const std::size_t high = name[i] == '%' && i + 2 < name.size() ? kHex.find(name[i + 1]) : std::string_view::npos;
    const std::size_t low = high != std::string_view::npos ? kHex.find(name[i + 2]) : high;
    if (low == std::string_view::npos) {
      text += name[i];
    } else {
      text += static_cast<char>(static_cast<unsigned char>(high * 16 + low));
      i += 2;
    }
  }
  return text;
}

std::string name_of(const FrameResult& result) {
  if (result.file.empty()) return unescaped(result.source);
  return unescaped(result.file) + (result.page ? "#" + std::to_string(*result.page) : "");
}

}  // namespace capillaryx
