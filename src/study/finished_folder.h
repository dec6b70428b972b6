// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "study/levels.h"

namespace capillaryx {

/// SHA-256 of every derived table and page, in the form that `sha256sum -c` reads.
inline constexpr const char* kChecksums = "SHA256SUMS";

/// Writes the study's files (write_study_files), README.txt and SHA256SUMS of an output folder whose other derived
/// files are there. Throws Error.
void finish_folder(const std::filesystem::path& folder, const LevelOptions& options,
                   std::optional<double> scale_um_per_px = std::nullopt);

/// One thing that was verified.
struct Check {
  std::string what;
  bool good = false;
  bool checked = true;  ///< false: it could not be looked at, and `finding` says why
  std::string finding;
};

/// Whether the journal, the inputs, the corrections and the derived files of an output folder are what they say:
/// hashes, and chains of hashes. `inputs`: folders in which input files are looked for, before those that the run
/// named. Throws Error (kInput) if there is no journal.
std::vector<Check> verify_folder(const std::filesystem::path& folder, const std::vector<std::string>& inputs);

}  // namespace capillaryx
