// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/descriptor.h"

namespace capillaryx {

/// A file in memory without a name; gone with its last holder. None (-1) where the system has none.
Descriptor scratch_file();

}  // namespace capillaryx
