// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capillaryx/frame_source.h"
#include "capillaryx/options.h"
#include "capillaryx/result_sink.h"

namespace capillaryx {

/// What the run line says beside the options.
struct RunIdentity {
  std::string version;
  std::string commit;
  std::string analyzer_name;
  std::string analyzer_version;
  ModelIdentity model;
  std::vector<std::string> inputs;
  std::string executor;
  int workers = 0;
};

/// The output folder of a run: results.jsonl as results come; results.csv, coco.json, results.index, report.html from
/// it at the end. Nothing outside the folder is touched. Throws Error (kOutput).
class FolderSink : public ResultSink {
 public:
  /// Makes or opens the folder as `options.resume` and `options.force` allow; writes the run line or, on resume, checks
  /// it against `identity` and the options and cuts a torn last line off.
  FolderSink(const std::filesystem::path& folder, const Options& options, const RunIdentity& identity);
  ~FolderSink() override;

  /// Frames that results.jsonl holds already (resume).
  std::int64_t frames_present() const;
  /// Whether the summary line is there already: nothing is left to do.
  bool finished() const;

  FrameFiles files(const FrameInfo& frame) override;
  void write(FrameResult result) override;

  /// Writes the summary line and the derived files. Not called where the run was interrupted.
  void finish(const std::vector<SkippedInput>& skipped, double wall_s);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes every derived file of a folder again, from its results.jsonl.
void write_derived_files(const std::filesystem::path& folder, char csv_separator = ',');

}  // namespace capillaryx
