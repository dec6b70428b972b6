// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace capillaryx {

/// The name that `word` is most likely a slip of: few letters are different, missing, too many or swapped, or it is the
/// beginning of one name alone. Empty if none is near.
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

}  // namespace capillaryx
