// SPDX-License-Identifier: Apache-2.0
#include "os/descriptor.h"

#include <unistd.h>

namespace capillaryx {

void Descriptor::reset(int number) {
  if (number_ >= 0) ::close(number_);
  number_ = number;
}

}  // namespace capillaryx
