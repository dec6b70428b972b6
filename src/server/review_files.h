// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "frontend/frontend.h"

namespace capillaryx {

/// The page of a review, its script and its style sheet. The page loads the other two from beside it, and asks the
/// server for everything else. Their licences are those of frontend_files().
std::span<const FrontendFile> review_files();

}  // namespace capillaryx
