// SPDX-License-Identifier: Apache-2.0
#include "os/scratch_file.h"

#include <sys/mman.h>

namespace capillaryx {

Descriptor scratch_file() { return Descriptor(memfd_create("scratch", MFD_CLOEXEC)); }

}  // namespace capillaryx
