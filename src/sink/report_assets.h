// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace capillaryx {

/// The constant parts of report.html. The page is allowed to run this script and use this style, and no other.
extern const char* const kReportStyle;
extern const char* const kReportBody;
extern const char* const kReportScript;

}  // namespace capillaryx
