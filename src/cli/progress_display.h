// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>

#include "capillaryx/pipeline.h"

namespace capillaryx::cli {

/// One line that says where a run stands, in at most `columns` columns; what matters least goes first where it is
/// narrow. `frames_per_s` is 0 while it is not known.
std::string progress_line(const Progress& now, double frames_per_s, int columns);

/// Shows a run on standard error: a bar on a terminal, now and then a plain line elsewhere, a warning once; nothing
/// when quiet. Threads: one at a time.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(bool quiet);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  void show(const Progress& now);
  /// Takes the bar off the terminal and gives the cursor back.
  void clear();

 private:
  struct Sample {
    double wall_s;
    std::int64_t frames;
  };
  double frames_per_s(const Progress& now);

  bool quiet_;
  bool terminal_;
  bool drawn_ = false;
  bool warned_ = false;
  double next_line_s_ = 10;  ///< of the plain lines
  std::deque<Sample> samples_;
};

}  // namespace capillaryx::cli
