// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

#include "study/study_file.h"

namespace capillaryx {

/// A study under codes, and what they stand for.
struct Pseudonyms {
  Study real;
  Study coded;                               ///< in the order of the codes, which says nothing of the real one
  std::map<std::string, std::string> files;  ///< code -> file
};

/// A key: `study` with a column `code` and a column LABEL_code per label column. `draw(n)` gives a random whole number
/// below n; the codes and their order come from it alone.
Study make_key(const Study& study, const std::function<std::size_t(std::size_t)>& draw);

/// Reads a key. Every row of `study` must be in it as it is there (its labels; scale, roi and exclusions come from
/// `study`). Throws Error (kInput), `name` in its message, if one is not.
Pseudonyms apply_key(const Study& key, const Study& study, const std::string& name);

/// The study that a key stands for, with the scales, regions and exclusions of the coded study of a run: what was
/// decided under codes holds.
Pseudonyms resolve_key(const Study& key, const Study& coded, const std::string& name);

}  // namespace capillaryx
