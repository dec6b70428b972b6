// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "capillaryx/frame.h"

namespace capillaryx {

/// What stands in a corrections/REVIEWER.jsonl. Its first line names the run and the reviewer; each later line is a
/// record with `seq` (1, 2, ...) and `previous`, the SHA-256 of the line before it.
struct Corrections {
  std::string run;  ///< content_sha256 of the results that were reviewed
  std::string reviewer;
  std::vector<nlohmann::json> records;
  std::string last_hash;         ///< of the last whole line, hex
  std::int64_t whole_bytes = 0;  ///< length up to the end of the last whole line
};

/// Reads one. A last line without its newline was never acknowledged and is ignored. Throws Error (kInput): not such a
/// file, a line over 1 MB, a record that is not one, or a broken chain (the line is named).
Corrections read_corrections(const std::filesystem::path& file);

/// A record that cannot be appended, with the HTTP status that says so (400 or 409).
class RefusedRecord : public std::runtime_error {
 public:
  RefusedRecord(int status, const std::string& why) : std::runtime_error(why), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

/// JSON of a person or of a file that nobody has looked at; a discarded value if it is none or nested deeper than 16.
nlohmann::json parse_untrusted(std::string_view text);

/// Checks the form of a record: known `what`, ids, geometry of finite numbers. Empty if it is good, else what is wrong.
std::string flaw_of_record(const nlohmann::json& record);

/// A reviewer's journal, open for appending by one process.
/// Threads: one call at a time.
class CorrectionsJournal {
 public:
  /// Opens or begins RESULTS/corrections/REVIEWER.jsonl and locks it; a torn last line is removed. Throws Error: the
  /// reviewer's name is not letters, digits, '-', '_' or '.'; the journal is damaged, of another run, or in use.
  CorrectionsJournal(const std::filesystem::path& results, const std::string& reviewer, const std::string& run);

  const Corrections& content() const { return content_; }

  /// Appends records; on disk (fsync) when it returns. A record whose `seq` is there already is skipped if it is the
  /// same but for `previous` and `time`. Throws RefusedRecord: a record that is none, another one under its number, a
  /// gap; Error (kOutput) if it cannot be written, and the journal then is as before.
  void append(std::vector<nlohmann::json> records);

 private:
  std::filesystem::path path_;
  std::shared_ptr<const OpenFile> file_;
  Corrections content_;
};

/// Where the journals of an output folder are.
inline constexpr const char* kCorrectionsFolder = "corrections";

}  // namespace capillaryx
