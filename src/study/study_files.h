// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "study/levels.h"
#include "study/study_file.h"

namespace capillaryx {

/// The names of what write_study_files writes.
inline constexpr const char* kMeasurementsCsv = "measurements.csv";
inline constexpr const char* kGroupsCsv = "groups.csv";
inline constexpr const char* kWorkbook = "study.xlsx";
inline constexpr const char* kStudyJson = "study.json";
/// A copy of the study file that a run was made with.
inline constexpr const char* kStudyCsv = "study.csv";

/// Writes measurements.csv, groups.csv, study.xlsx and study.json into an output folder, from its results.jsonl and
/// study.csv alone; no image is read. Without a study.csv, labels are guessed from folders. Throws Error.
void write_study_files(const std::filesystem::path& folder, const LevelOptions& options,
                       std::optional<double> scale_um_per_px = std::nullopt);

/// The same tables under the names that `key` (a key file) has for the codes of a pseudonymised run, into the folder
/// `to`, which is made. Throws Error.
void write_unblinded_files(const std::filesystem::path& folder, const std::filesystem::path& key,
                           const std::filesystem::path& to, const LevelOptions& options,
                           std::optional<double> scale_um_per_px);

/// Puts a study file into an output folder, in place of the one that is there.
void set_study(const std::filesystem::path& folder, const Study& study);

/// A file's bytes. Throws Error (kInput) if it is missing, no file, or larger than 64 MB.
std::string read_small_file(const std::filesystem::path& path);

/// Options of levels from "subject,visit" and "visit,condition".
LevelOptions level_options(const std::string& levels, const std::string& compare);

/// The same of a run in `folder`: an empty text is as its run line has it. Throws Error (kInput) without a journal.
LevelOptions level_options_of_run(const std::filesystem::path& folder, const std::string& levels,
                                  const std::string& compare);

/// Throws Error (kUsage) if a level is no column of the study (or of what folders give, without one).
void check_levels(const LevelOptions& options, const std::optional<Study>& study);

}  // namespace capillaryx
