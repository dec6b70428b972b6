// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace capillaryx::cli {

struct CheckArguments {
  std::string file;     ///< of the network
  std::string picture;  ///< empty: noise
  std::string output;   ///< empty: nothing is drawn
};

/// `capillaryx model check` of a network over whole frames: what it is, what it finds, what a frame costs. Throws
/// Error.
int check_frame_network(const CheckArguments& arguments);

}  // namespace capillaryx::cli
