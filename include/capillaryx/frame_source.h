// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capillaryx/frame.h"
#include "capillaryx/options.h"

namespace capillaryx {

/// A file that was skipped, and why.
struct SkippedInput {
  std::string source;  ///< UTF-8
  std::string reason;
};

/// What was found of an input file; or nothing, and why.
struct Probed {
  std::shared_ptr<const InputInfo> input;  ///< null if there is an error
  std::string error;
};

/// Finds out what input files are: in a worker, as files hold bytes that nobody has looked at.
/// Threads: any.
class Prober {
 public:
  virtual ~Prober() = default;

  /// Looks into `file`, a regular file. `done` is called once, now or later, in any thread; never if the run ends
  /// first.
  virtual void probe(std::shared_ptr<const OpenFile> file, std::function<void(Probed)> done) = 0;
};

/// Gives the frames of a run one after another, in an order that does not change.
/// Threads: one thread at a time, but for stop().
class FrameSource {
 public:
  virtual ~FrameSource() = default;

  /// The next frame, its index one more than the last one's, or nothing at the end. A live source blocks until there is
  /// one. A frame that cannot be had comes as Frame::unreadable; Error only where no further frame can come.
  virtual std::optional<Frame> next() = 0;

  /// Who looks into files that may hold several pictures, from the first next() to the source's end. Without one, or
  /// with null, each file is one picture.
  virtual void use_prober(std::shared_ptr<Prober> /*prober*/) {}

  /// Passes over `count` frames as cheaply as it can (resume). Their indices are used up.
  virtual void skip(std::int64_t count);

  /// Makes a next() that waits for a camera or a pipe give nothing, now and from then on. Threads: any, at any time.
  virtual void stop() {}

  /// How many frames there will be in all, where that is known beforehand.
  virtual std::optional<std::int64_t> frame_count() const { return std::nullopt; }

  /// What was skipped so far: files that are no pictures, pipes, devices.
  virtual std::vector<SkippedInput> skipped() const { return {}; }
};

/// Opens image files, folders, videos, `camera:N`, `-` (frames on standard input) and `phantom:N`, joined in the order
/// given, with `options.repeat`, `frames` and `every` applied. Throws Error (kInput) where an input is missing or holds
/// no frame.
std::unique_ptr<FrameSource> open_source(const std::vector<std::string>& inputs, const Options& options);

}  // namespace capillaryx
