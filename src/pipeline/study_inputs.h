// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "source/named_input.h"
#include "study/study_file.h"

namespace capillaryx {

/// The inputs of a run, each study file (*.csv) among the arguments replaced by the files that it names.
struct RunInputs {
  std::vector<NamedInput> inputs;
  std::optional<Study> study;
};

/// Throws Error: kUsage for a second study file, kInput with row and column for a row that cannot be used.
RunInputs find_run_inputs(const std::vector<std::string>& arguments);

/// Whether an argument is a study file, by its suffix.
bool is_study_file(const std::string& argument);

}  // namespace capillaryx
