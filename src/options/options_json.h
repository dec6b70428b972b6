// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "capillaryx/options.h"

namespace capillaryx {

/// Which fields go into the JSON.
enum class OptionFields {
  kAll,
  kThatChangeResults,  ///< what the run line of results.jsonl keeps and `--resume` compares
};

/// One object, a key a field, named as in C++. An absent scale is null; enums are their names on the command line.
nlohmann::json options_to_json(const Options& options, OptionFields fields = OptionFields::kAll);

/// Options from such an object; a field that it does not name keeps its default. Throws Error (kUsage), with the name
/// of the field, on a key that is none, a value of another type, and a value out of its range.
Options options_from_json(const nlohmann::json& object);

/// As above from text of any origin. Throws Error (kUsage) on what is not JSON.
Options options_from_json_text(std::string_view text);

}  // namespace capillaryx
