// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace capillaryx {

/// What every result file says.
constexpr const char* kNotice = "Research use only, not for diagnosis";
constexpr const char* kDefinitions = "definitions after De Backer 2007 / Ince 2018, applied to skin";

}  // namespace capillaryx
