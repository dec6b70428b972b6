// SPDX-License-Identifier: Apache-2.0
#include "executor/process_worker.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capillaryx/error.h"
#include "executor/channel.h"
#include "executor/frame_worker.h"
#include "executor/router_process.h"
#include "options/options_json.h"
#include "os/process.h"
#include "os/sandbox.h"

namespace capillaryx {
namespace {

using Outcome = MessageSocket::Outcome;

/// The driver is gone or has said that it is time to go.
struct Leave {};

/// Pictures of one result that are still worth sending; more than memory has room for twice over.
constexpr std::size_t kMostPictureBytes = std::size_t{1} << 30;

/// Keeps a frame's pixels in the driver's store until the last copy of the frame is gone.
class FrameLease {
 public:
  FrameLease(MessageSocket& socket, std::int64_t frame_id) : socket_(socket), frame_id_(frame_id) {}
  ~FrameLease() {
    if (!told_later_) return;
    MessageWriter writer;
    socket_.send(writer.frame_released(frame_id_), {}, true);
  }
  FrameLease(const FrameLease&) = delete;
  FrameLease& operator=(const FrameLease&) = delete;

  /// A separate message reports its end.
  void tell_later() { told_later_ = true; }

 private:
  MessageSocket& socket_;
  std::int64_t frame_id_;
  std::atomic<bool> told_later_ = false;
};

/// A frame that looks a little like skin: it wakes up what an analyzer loads late, before the doors are locked.
Frame warm_up_frame() {
  constexpr int kWidth = 320;
  constexpr int kHeight = 240;
  std::vector<std::uint8_t> pixels(std::size_t{kWidth} * kHeight * 3);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const int dx = x % 80 - 40;
      const int dy = y % 80 - 40;
      const int dark = dx * dx + 4 * dy * dy < 300 ? 60 : (x * 7 + y * 13) % 9;
      std::uint8_t* pixel = &pixels[static_cast<std::size_t>(y * kWidth + x) * 3];
      pixel[0] = static_cast<std::uint8_t>(200 - dark / 2);
      pixel[1] = static_cast<std::uint8_t>(150 - dark);
      pixel[2] = static_cast<std::uint8_t>(130 - dark);
    }
  }
  FrameInfo info;
  info.index = -1;
  info.source = "warm-up";
  return Frame::copy_pixels(info, {pixels.data(), kWidth, kHeight, 3, std::ptrdiff_t{kWidth} * 3});
}

class Worker {
 public:
  Worker(MessageSocket socket, const Options& options) : socket_(std::move(socket)), options_(options) {}

  /// Throws Leave in the end.
  void work(const AnalyzerFactory& factory) {
    try {
      start(factory);
      while (true) {
        while (assigned_.empty()) receive();
        Assigned next = std::move(assigned_.front());
        assigned_.pop_front();
        do_frame(std::move(next));
      }
    } catch (const Error& error) {
      send(writer_.run_error(error.kind(), error.what()));
    } catch (const std::exception& error) {
      send(writer_.run_error(ErrorKind::kInternal, std::string("a worker: ") + error.what()));
    }
  }

 private:
  struct Assigned {
    std::int64_t frame_id = -1;
    Frame frame;
    std::shared_ptr<FrameLease> lease;
    FrameFiles files;
    bool probe = false;
  };

  void start(const AnalyzerFactory& factory) {
    if (options_.memory_limit_mb > 0) limit_memory(static_cast<std::size_t>(options_.memory_limit_mb) << 20);
    worker_ = make_frame_worker(factory, options_);
    results_.emplace(2 * kMostPictureBytes);
    std::string warning;
    if (options_.sandbox) {
      // Algorithms of the user's own (lib:, python:) load parts of themselves when they please.
      const bool own = options_.analyzer.find(':') != std::string::npos && !options_.analyzer.starts_with("model:");
      if (!own) worker_->run(warm_up_frame(), {});
      const std::string why = lock_down(own ? SandboxLevel::kReadFiles : SandboxLevel::kStrict);
      if (!why.empty()) warning = "the workers are not sandboxed: " + why;
    }
    const int handed[] = {results_->descriptor()};
    const Analyzer& analyzer = worker_->analyzer();
    send(writer_.ready(analyzer.name() + " " + analyzer.version(), warning), handed);
  }

  /// A worker whose limit was met is started again, and what it was at is tried again.
  void leave_if_out_of_memory() {
    if (!worker_->out_of_memory() || options_.memory_limit_mb == 0) return;
    send(writer_.leaving("out of memory (limit " + std::to_string(options_.memory_limit_mb) + " MB)"));
    throw Leave{};
  }

  void do_probe(const Assigned& assigned) {
    const Probed probed = worker_->probe(*assigned.frame.file());
    leave_if_out_of_memory();
    send_result(assigned.frame_id, writer_.probed(assigned.frame_id, probed));
  }

  void do_frame(Assigned assigned) {
    if (assigned.probe) return do_probe(assigned);
    FrameResult result = worker_->run(assigned.frame, assigned.files);
    leave_if_out_of_memory();
    const std::size_t picture_bytes =
        std::accumulate(result.stage_pictures.begin(), result.stage_pictures.end(), std::size_t{0},
                        [](std::size_t sum, const StagePicture& picture) { return sum + picture.pixels.size(); });
    if (picture_bytes > kMostPictureBytes) {
      result = empty_result(assigned.frame.info(), Status::kFailed, "its stage pictures are larger than 1 GB");
    }
    assigned.frame = Frame();
    const bool keeps_frame = assigned.lease && assigned.lease.use_count() > 1;
    if (keeps_frame) assigned.lease->tell_later();
    send_result(assigned.frame_id, writer_.done(assigned.frame_id, result, keeps_frame));
    // Only now: the driver hears that the frame is kept before it hears that it is not.
    assigned.lease.reset();
  }

  /// `message` is this worker's writer's.
  void send_result(std::int64_t frame_id, std::span<const std::uint8_t> message) {
    if (message.size() <= kLargeMessageBytes) return send(message);
    std::optional<ObjectStore::Loan> loan = results_->loan(message.size());
    while (!loan) {
      receive();
      if (copied_) stored_ = SealedObject();
      loan = results_->loan(message.size());
    }
    std::copy(message.begin(), message.end(), loan->bytes().begin());
    copied_ = false;
    stored_ = std::move(*loan).seal();
    send(writer_.stored(frame_id, stored_.place()));
    // One large result at a time: its room is needed for the next.
    while (!copied_) receive();
    stored_ = SealedObject();
  }

  /// Waits for a message and takes it in.
  void receive() {
    std::vector<Descriptor> descriptors;
    if (socket_.receive(incoming_, descriptors, true) != Outcome::kDone) throw Leave{};
    const wire::Message& message = read_message(incoming_.bytes());
    switch (message.body_type()) {
      case wire::Body::Assign:
        return take(*message.body_as_Assign(), std::move(descriptors));
      case wire::Body::ResultCopied:
        copied_ = true;
        return;
      case wire::Body::Leave:
        throw Leave{};
      default:
        throw ProtocolError("the driver sent what is no driver's message");
    }
  }

  void take(const wire::Assign& message, std::vector<Descriptor> descriptors) {
    std::size_t used = 0;
    const auto next = [&]() -> Descriptor {
      if (used == descriptors.size()) throw ProtocolError("a descriptor is missing");
      return std::move(descriptors[used++]);
    };
    Assigned assigned;
    assigned.frame_id = message.frame();
    std::shared_ptr<const OpenFile> file;
    if (message.kind() == wire::FrameKind::File) file = std::make_shared<OpenFile>(next().release());
    if (message.has_overlay()) assigned.files.overlay = std::make_shared<OpenFile>(next().release());
    if (message.has_picture()) assigned.files.picture = std::make_shared<OpenFile>(next().release());
    if (message.has_store()) frames_.emplace(next());
    std::span<const std::uint8_t> pixels;
    if (message.kind() == wire::FrameKind::Pixels) {
      if (!frames_ || message.place() == nullptr) throw ProtocolError("a frame without its place");
      const auto found = frames_->read({message.place()->offset(), message.place()->size_bytes()});
      if (!found) throw ProtocolError("a frame outside the store");
      pixels = *found;
      assigned.lease = std::make_shared<FrameLease>(socket_, assigned.frame_id);
    }
    assigned.probe = message.probe();
    if (assigned.probe && !file) throw ProtocolError("a probe without its file");
    assigned.frame = read_frame(message, std::move(file), pixels, assigned.lease);
    assigned_.push_back(std::move(assigned));
  }

  void send(std::span<const std::uint8_t> message, std::span<const int> descriptors = {}) {
    if (socket_.send(message, descriptors, true) != Outcome::kDone) throw Leave{};
  }

  MessageSocket socket_;
  MessageBuffer incoming_;
  MessageWriter writer_;
  Options options_;
  std::unique_ptr<FrameWorker> worker_;
  std::optional<ObjectReader> frames_;  ///< the driver's store
  std::optional<ObjectStore> results_;  ///< its own store
  SealedObject stored_;                 ///< the result that the driver is to copy
  bool copied_ = true;
  std::deque<Assigned> assigned_;
};

}  // namespace

int run_worker(MessageSocket socket, const AnalyzerFactory& factory) {
  die_with_parent();
  try {
    MessageBuffer message;
    std::vector<Descriptor> descriptors;
    if (socket.receive(message, descriptors, true) != Outcome::kDone) return 0;
    const auto* hello = read_message(message.bytes()).body_as_Hello();
    if (hello == nullptr) throw ProtocolError("the first message is no greeting");
    const Options options = options_from_json_text(hello->options()->string_view());
    if (hello->role() == wire::Role::Worker) {
      Worker(std::move(socket), options).work(factory);
      return 0;
    }
    if (descriptors.size() != 1) throw ProtocolError("the router's socket is missing");
    return hello->role() == wire::Role::Controller
               ? run_controller(std::move(socket), options, std::move(descriptors[0]))
               : run_router(std::move(socket), options, std::move(descriptors[0]));
  } catch (const Leave&) {
    return 0;
  } catch (...) {
    return 1;
  }
  return 1;
}

std::optional<int> run_worker_program(const AnalyzerFactory& factory) {
  MessageSocket socket{Descriptor(Process::kHandedDescriptor)};
  if (!socket.is_one()) return std::nullopt;
  return run_worker(std::move(socket), factory);
}

}  // namespace capillaryx
