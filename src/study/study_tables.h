// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "study/levels.h"
#include "study/table.h"

namespace capillaryx {

/// measurements.csv: one row per field or clip. `label_columns` come first, in this order.
Table measurements_table(const std::vector<Measurement>& measurements, const std::vector<std::string>& label_columns);

/// groups.csv: one row per mean, difference and correlation.
Table groups_table(const std::vector<LevelRow>& rows, const std::vector<std::string>& label_columns);

/// Every column of the two tables with its unit and definition.
Table definitions_table();

/// What made the results: version, model, definitions and every option, from the run line; and how levels were made.
Table run_table(const nlohmann::json& run, const LevelOptions& options);

/// A paragraph for the methods section of a paper: version, model, options that differ from the defaults, definitions,
/// statistics and citations.
std::string methods_text(const nlohmann::json& run, const std::vector<Measurement>& measurements,
                         const LevelOptions& options);

}  // namespace capillaryx
