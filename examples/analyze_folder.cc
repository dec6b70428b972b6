// SPDX-License-Identifier: Apache-2.0
// Tells the capillary density of every frame in a folder:   analyze_folder FRAMES
#include <capillaryx/pipeline.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: analyze_folder FRAMES\n"), 2;
  try {
    capillaryx::Pipeline pipeline(capillaryx::Options{});
    pipeline.run({argv[1]}, [](const capillaryx::FrameResult& frame) {
      std::printf("%s: %s, %zu capillaries, density %.4f\n", frame.source.c_str(), to_string(frame.status),
                  frame.capillaries.size(), frame.density);
    });
  } catch (const capillaryx::Error& error) {
    return std::fprintf(stderr, "%s\n", error.what()), 1;
  }
}
