// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "capillaryx/options.h"
#include "sink/folder_sink.h"

namespace capillaryx {

/// The first line of results.jsonl. Everything that may differ between two runs of the same work stands in its `host`.
nlohmann::ordered_json run_line(const Options& options, const RunIdentity& identity);

/// What keeps a run with run line `now` from going on where the run with run line `then` stopped, one sentence each;
/// empty where nothing does.
std::string find_differences(const nlohmann::json& then, const nlohmann::json& now);

}  // namespace capillaryx
