// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "capillaryx/executor.h"
#include "capillaryx/frame.h"
#include "capillaryx/frame_result.h"
#include "capillaryx/options.h"

namespace capillaryx {

/// For a program that has frames as they come, such as from its camera: workers stay ready, frames go in, results come
/// out in the order in which the frames went in. Writes nothing.
///
///     capillaryx::Session session({.workers = 2});
///     session.submit(pixels, "frame 0");      // one thread
///     while (auto result = session.next()) {  // the same, or another
///
/// A session is bounded: it holds at most capacity() frames whose results have not been taken. A program of one thread
/// takes a result (try_next) before it submits beyond that, or asks with try_submit.
/// Threads: any, at any time, but for close() and the destructor.
class Session {
 public:
  /// Starts the workers. `capacity` 0: a few frames per worker. Throws Error (kUsage, kModel) if an option, the network
  /// or the analyzer is wrong.
  explicit Session(Options options, std::size_t capacity = 0);

  /// Cancels, and waits for the frames that workers are at.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Hands over a frame; its FrameInfo::index becomes its place in the session, which is returned. Waits while the
  /// session is full. Pixels of Frame::from_pixels are not copied here: worker threads read them where they lie, and
  /// for worker processes they are copied once, into shared memory. Throws Error: (kUsage) after finish() or cancel();
  /// what ended the workers.
  std::int64_t submit(Frame frame);
  /// The same of a copy of the pixels.
  std::int64_t submit(const PixelView& pixels, const std::string& source = "");
  /// Nothing if the session is still full after `timeout_s`.
  std::optional<std::int64_t> try_submit(Frame frame, double timeout_s = 0);

  /// The next result in the order of submission. Waits for it. Nothing after cancel(), and after finish() once all have
  /// been taken. Throws Error if the workers cannot go on; results that were ready are given first.
  std::optional<FrameResult> next();
  /// Nothing if it is not ready after `timeout_s`.
  std::optional<FrameResult> try_next(double timeout_s = 0);
  /// No result will come any more: cancelled, or finished and all taken, or ended by an error that was thrown.
  bool done() const;

  /// There are no more frames. Results can still be taken.
  void finish();
  /// Waits until every frame that was submitted has its result, and no longer than `timeout_s`; true if so. For
  /// results, not for their being taken. Throws as next().
  bool wait(double timeout_s);
  /// Forgets frames and results; a submit() or next() that waits comes back at once. Workers finish the frames that
  /// they are at.
  void cancel();
  /// cancel(), and waits until the workers have ended. Once is enough; the destructor does it too.
  void close();

  ExecutorStatus status() const;
  std::size_t capacity() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace capillaryx
