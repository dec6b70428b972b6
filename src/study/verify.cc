// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "capillaryx/error.h"
#include "corrections/journal.h"
#include "image/image.h"
#include "sink/output_folder.h"
#include "sink/results_reader.h"
#include "source/source_name.h"
#include "study/file_hash.h"
#include "study/finished_folder.h"
#include "study/study_files.h"

namespace capillaryx {
namespace {

using nlohmann::json;

constexpr std::size_t kMostNamed = 5;

/// Counts of files, and the first few that are not as they should be.
class Tallied {
 public:
  void good() { ++good_; }
  void bad(const std::string& what) { note(bad_, what); }
  void missing(const std::string& what) { note(missing_, what); }

  Check check(const std::string& what) const {
    Check out{what, bad_ == 0, good_ + bad_ > 0, fmt::format("{} as recorded", good_)};
    if (bad_ > 0) out.finding += fmt::format(", {} differ", bad_);
    if (missing_ > 0) out.finding += fmt::format(", {} not found", missing_);
    if (!named_.empty()) out.finding += ": " + named_;
    return out;
  }

 private:
  void note(std::size_t& count, const std::string& what) {
    ++count;
    if (bad_ + missing_ > kMostNamed) return;
    named_ += (named_.empty() ? "" : "; ") + what;
  }

  std::size_t good_ = 0, bad_ = 0, missing_ = 0;
  std::string named_;
};

/// Where an input file may lie: in the folders named now, then as the run named its inputs.
std::vector<std::filesystem::path> places_of(const std::string& file, const json& run,
                                             const std::vector<std::string>& inputs) {
  const std::string path = path_of_name(file);
  std::vector<std::filesystem::path> places;
  for (const std::string& input : inputs) places.push_back(std::filesystem::path(input) / path);
  const json::json_pointer pointer("/host/paths/inputs");
  if (run.contains(pointer) && run.at(pointer).is_array()) {
    for (const json& input : run.at(pointer)) {
      if (!input.is_string()) continue;
      const std::filesystem::path named = path_of_name(input.get<std::string>());
      places.push_back(named / path);
      places.push_back(named.parent_path() / path);
    }
  }
  places.emplace_back(path);
  return places;
}

Check check_inputs(const std::map<std::string, std::string>& hashes, const json& run,
                   const std::vector<std::string>& inputs) {
  Tallied tallied;
  for (const auto& [file, sha256] : hashes) {
    std::optional<std::string> found;
    for (const std::filesystem::path& place : places_of(file, run, inputs)) {
      const auto hash = file_hash(place);
      if (hash) found = hash;
      if (hash == sha256) break;
    }
    if (!found) {
      tallied.missing(file);
    } else if (*found == sha256) {
      tallied.good();
    } else {
      tallied.bad(file);
    }
  }
  return tallied.check("inputs");
}

/// A reviewer's file: of this run, each line naming the hash of the line before.
Check check_corrections(const std::filesystem::path& path, const std::string& content) {
  Check out{"corrections/" + path.filename().string(), false, true, ""};
  try {
    const Corrections found = read_corrections(path);
    if (found.run != content) {
      out.finding = "line 1: it corrects another run";
    } else if (static_cast<std::uintmax_t>(found.whole_bytes) != std::filesystem::file_size(path)) {
      out.finding = fmt::format("line {}: the last line is torn", found.records.size() + 2);
    } else {
      out.good = true;
      out.finding = fmt::format("{} lines, the last one {}", found.records.size() + 1, found.last_hash);
    }
  } catch (const Error& error) {
    out.finding = error.what();
  }
  return out;
}

Check check_derived(const std::filesystem::path& folder) {
  Tallied tallied;
  const std::string sums = read_small_file(folder / kChecksums);
  for (std::size_t at = 0; at < sums.size();) {
    const std::size_t end = std::min(sums.find('\n', at), sums.size());
    const std::string line = sums.substr(at, end - at);
    at = end + 1;
    const std::size_t gap = line.find("  ");
    if (gap == std::string::npos || line.find('/') != std::string::npos) {
      tallied.bad("a line of " + std::string(kChecksums));
      continue;
    }
    const std::string name = line.substr(gap + 2);
    const auto found = file_hash(folder / name);
    if (!found) {
      tallied.bad(name + " is missing");
    } else if (*found == line.substr(0, gap)) {
      tallied.good();
    } else {
      tallied.bad(name);
    }
  }
  return tallied.check("derived files");
}

}  // namespace

std::vector<Check> verify_folder(const std::filesystem::path& folder, const std::vector<std::string>& inputs) {
  std::vector<Check> checks;
  std::map<std::string, std::string> hashes;  // input file -> SHA-256
  Sha256 content;
  const JournalState journal = read_journal(
      folder / "results.jsonl",
      [&](const FrameResult& result) {
        if (!result.sha256.empty() && !result.page) {
          hashes.emplace(result.file.empty() ? result.source : result.file, result.sha256);
        }
      },
      [&](std::string_view line, std::int64_t) {
        if (line.starts_with(R"({"type":"summary")")) return;
        content.update(comparable(line));
        content.update("\n");
      });
  for (const auto& [file, about] : journal.inputs) {
    if (!about->sha256.empty()) hashes.emplace(file, about->sha256);
  }
  Check whole{"results.jsonl", false, true, ""};
  const std::string hash = content.hex();
  if (journal.summary.is_null()) {
    whole.finding = "the run was interrupted: there is no summary to hold it against";
    whole.checked = false;
  } else if (!journal.summary.contains("content_sha256")) {
    whole.finding = "a journal of schema 1 has no hash of its content";
    whole.checked = false;
  } else {
    whole.good = journal.summary["content_sha256"] == hash;
    whole.finding = whole.good ? "content " + hash : "its content is not what its summary says";
  }
  checks.push_back(whole);
  checks.push_back(check_inputs(hashes, journal.run, inputs));
  if (std::filesystem::is_directory(folder / kCorrectionsFolder)) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder / kCorrectionsFolder)) {
      if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) checks.push_back(check_corrections(file, hash));
  }
  if (std::filesystem::exists(folder / kChecksums)) {
    checks.push_back(check_derived(folder));
  } else {
    checks.push_back({"derived files", false, false, "there is no SHA256SUMS: capillaryx report makes it"});
  }
  return checks;
}

}  // namespace capillaryx
