// SPDX-License-Identifier: Apache-2.0
// Prints the capillary density of every frame in a folder:   analyze_folder FRAMES
#include <capillaryx/pipeline.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: analyze_folder FRAMES\n");
    return 2;
  }
  try {
    capillaryx::Pipeline pipeline(capillaryx::Options{});
    pipeline.run({argv[1]}, [](const capillaryx::FrameResult& frame) {
      std::printf("%s: %s, %zu capillaries, density %.4f\n", frame.source.c_str(), to_string(frame.status),
                  frame.capillaries.size(), frame.density);
    });
    return 0;
  } catch (const capillaryx::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
