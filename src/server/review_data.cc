// SPDX-License-Identifier: Apache-2.0
#include "server/review_data.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "capillaryx/error.h"
#include "corrections/apply.h"
#include "image/image.h"
#include "sink/clip_line.h"
#include "sink/output_folder.h"
#include "sink/results_index.h"
#include "sink/results_reader.h"

namespace capillaryx {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::int64_t kMostPictureBytes = std::int64_t{256} << 20;

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

/// How little the network was decided, 0 to 1: mean over what it scored.
double uncertainty_of(const FrameResult& result) {
  double sum = 0;
  const auto add = [&sum](double score) { sum += 1 - std::abs(2 * score - 1); };
  for (const Capillary& each : result.capillaries) add(each.score);
  for (const Candidate& each : result.candidates) add(static_cast<double>(each.score));
  const std::size_t count = result.capillaries.size() + result.candidates.size();
  return count == 0 ? 0 : std::round(1000 * sum / static_cast<double>(count)) / 1000;
}

json about(const FrameResult& result) {
  const bool ok = result.status == Status::kOk;
  const bool usable = ok && (!result.quality || result.quality->usable);
  std::string reason = result.error;
  if (ok && !usable) {
    for (const std::string& each : result.quality->reasons) reason += (reason.empty() ? "" : "; ") + each;
  }
  json item{{"kind", "frame"},
            {"file_sha256", file_hash(result)},
            {"page", nullptr},
            {"name", result.source},
            {"status", to_string(result.status)},
            {"usable", usable},
            {"reason", reason},
            {"count", nullptr},
            {"density", nullptr},
            {"uncertainty", uncertainty_of(result)},
            {"width", result.width},
            {"height", result.height},
            {"scale", nullptr},
            {"frames", 1}};
  if (result.page) item["page"] = *result.page;
  if (result.scale_um_per_px) item["scale"] = *result.scale_um_per_px;
  if (ok) {
    item["count"] = result.capillaries.size();
    item["density"] = result.density;
  }
  return item;
}

json points_of(const std::vector<float>& polygon) {
  json points = json::array();
  for (const float each : polygon) points.push_back(std::round(static_cast<double>(each) * 8) / 8);
  return points;
}

}  // namespace

ReviewData::ReviewData(const fs::path& folder, const std::string& reviewer, bool blind)
    : folder_(folder), blind_(blind), pictures_(OutputFolder(folder, false)) {
  std::map<std::string, std::size_t> clips;  // by file: the item of its first frame
  std::vector<Item> frames;
  const JournalState state = read_journal(
      folder / "results.jsonl",
      [&](const FrameResult& result) {
        frames.push_back({result.index, 1, std::nullopt, about(result)});
        if (!result.clip.empty()) clips.emplace(result.clip, frames.size() - 1);
      },
      [&](std::string_view line, std::int64_t) {
        if (!line.starts_with(kClipLineStart)) return;
        json clip = json::parse(line, nullptr, false);
        if (!clip.is_object() || !clip.contains("file") || !clip["file"].is_string()) return;
        const auto first = clips.find(clip["file"].get<std::string>());
        if (first == clips.end() || clip.value("count", json()).is_null()) return;
        Item& item = frames[first->second];
        item.frames = static_cast<std::int64_t>(frames.size() - first->second);
        item.about["kind"] = "clip";
        item.about["page"] = nullptr;
        item.about["name"] = clip["file"];
        item.about["count"] = clip["count"];
        item.about["density"] = clip.value("density", json());
        item.about["usable"] = true;
        item.about["reason"] = "";
        item.about["frames"] = item.frames;
        item.clip = std::move(clip);
        clips.erase(first);
      });
  if (state.run.is_null() || state.summary.is_null()) {
    throw Error(ErrorKind::kInput, folder.string() + " holds no finished run; finish it by analyze --resume");
  }
  run_ = state.summary.value("content_sha256", "");
  if (run_.empty()) {
    throw Error(ErrorKind::kInput, folder.string() + " was made by an older version; analyse the inputs again");
  }
  pictures_.set_run(state.run);
  for (std::size_t i = 0; i < frames.size();) {
    const auto next = i + static_cast<std::size_t>(frames[i].frames);
    items_.push_back(std::move(frames[i]));
    i = next;
  }
  if (!blind_) return;
  // A hash of run, reviewer and place is the order: the same at every start, and no reader can undo it by heart.
  std::vector<std::pair<std::string, std::size_t>> order;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    Sha256 sha;
    sha.update(run_ + "/" + reviewer + "/" + std::to_string(i));
    order.emplace_back(sha.hex(), i);
  }
  std::sort(order.begin(), order.end());
  std::vector<Item> shuffled;
  for (const auto& [hash, i] : order) shuffled.push_back(std::move(items_[i]));
  items_ = std::move(shuffled);
}

std::string ReviewData::items() const {
  json list = json::array();
  for (std::size_t i = 0; i < items_.size(); ++i) {
    json item = items_[i].about;
    item["id"] = i;
    if (blind_) {
      for (const char* hidden : {"name", "count", "density", "uncertainty"}) item[hidden] = nullptr;
    }
    list.push_back(std::move(item));
  }
  return dump({{"items", std::move(list)}});
}

std::optional<std::string> ReviewData::item(std::size_t id, bool reveal) const {
  if (id >= items_.size()) return std::nullopt;
  const Item& item = items_[id];
  json out{{"valid_px", nullptr}, {"shapes", json::array()}, {"candidates", json::array()}};
  std::int64_t next_id = 1;
  const bool shown = !blind_ || reveal;
  if (item.clip) {
    const json& clip = *item.clip;
    out["valid_px"] = clip.value("seen_px", json());
    out["extent"] = clip.value("extent", json());
    out["reference"] = clip.value("reference", json());
    for (const ReviewedShape& each : automatic_shapes(clip)) {
      next_id = std::max(next_id, each.id + 1);
      if (shown) out["shapes"].push_back({each.id, each.score, each.area_px, points_of(each.points)});
    }
    const json motion = clip.value("motion", json::object());
    json frames = json::array();
    for (std::int64_t i = 0; i < item.frames; ++i) {
      const auto at = [&](const char* name) -> json {
        const auto found = motion.find(name);
        return found != motion.end() && found->is_array() && static_cast<std::size_t>(i) < found->size()
                   ? (*found)[static_cast<std::size_t>(i)]
                   : json();
      };
      json pose;
      if (at("registered") == true) pose = {at("dx"), at("dy"), at("rotation_deg")};
      frames.push_back({{"page", i}, {"pose", pose}, {"usable", true}});
    }
    out["frames"] = std::move(frames);
  } else {
    const FrameResult result = read_frame(folder_, item.frame);
    if (result.status == Status::kOk) out["valid_px"] = result.valid_px;
    for (const ReviewedShape& each : automatic_shapes(result)) {
      if (shown) out["shapes"].push_back({each.id, each.score, each.area_px, points_of(each.points)});
      next_id = each.id + 1;
    }
    for (const Candidate& each : result.candidates) {
      if (shown) out["candidates"].push_back({each.bbox[0], each.bbox[1], each.bbox[2], each.bbox[3], each.score});
    }
  }
  // The ids of a person begin beyond those of the result; in a blind review they do not show how many these are.
  constexpr std::int64_t kBlindIds = 1'000'001;
  out["next_id"] = blind_ ? std::max(next_id, kBlindIds) : next_id;
  return dump(out);
}

std::optional<ReviewData::Picture> ReviewData::open_picture(const fs::path& path, const std::string& sha256) const {
  // A link in the output folder leads out of it; an input is known by its hash.
  const int links = sha256.empty() ? O_NOFOLLOW : 0;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | links);
  if (descriptor < 0) return std::nullopt;
  Picture picture;
  picture.file = std::make_shared<const OpenFile>(descriptor);
  struct stat about {};
  if (::fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > kMostPictureBytes) {
    return std::nullopt;
  }
  picture.bytes = about.st_size;
  std::string suffix = path.extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return std::tolower(c); });
  picture.type = suffix == ".png" ? "image/png" : suffix == ".bmp" ? "image/bmp" : "image/jpeg";
  try {
    if (!sha256.empty() && sha256_hex(*picture.file) != sha256) return std::nullopt;  // another file has its name now
  } catch (const ImageError&) {
    return std::nullopt;
  }
  return picture;
}

std::optional<ReviewData::Picture> ReviewData::picture(std::size_t id, std::optional<std::int64_t> page) const {
  if (id >= items_.size()) return std::nullopt;
  const Item& item = items_[id];
  if (!item.clip && page.value_or(0) != 0) return std::nullopt;
  const std::int64_t step = item.clip ? page.value_or(item.clip->value("reference", json(0)).is_number_integer()
                                                          ? item.clip->value("reference", 0)
                                                          : 0)
                                      : 0;
  if (step < 0 || step >= item.frames) return std::nullopt;
  const FrameResult result = read_frame(folder_, item.frame + step);
  const std::string stem = picture_stem(result.index, result.source);
  if (auto found = open_picture(folder_ / kPlainPictures / (stem + ".jpg"), "")) return found;
  if (const fs::path input = pictures_.find_input(result); !input.empty() && !result.sha256.empty()) {
    if (auto found = open_picture(input, result.sha256)) return found;
  }
  if (blind_) return std::nullopt;  // an overlay shows the result
  for (const char* suffix : {".jpg", ".png"}) {
    if (auto found = open_picture(folder_ / "overlays" / (stem + suffix), "")) return found;
  }
  return std::nullopt;
}

}  // namespace capillaryx
