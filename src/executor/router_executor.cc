// SPDX-License-Identifier: Apache-2.0
#include "executor/router_executor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "capillaryx/error.h"
#include "executor/channel.h"
#include "executor/driver_executor.h"
#include "executor/frame_reader.h"
#include "executor/frame_worker.h"
#include "executor/mailbox_prober.h"
#include "options/options_json.h"
#include "os/event_loop.h"
#include "os/message_socket.h"
#include "os/process.h"

namespace capillaryx {
namespace {

using Clock = std::chrono::steady_clock;
using Outcome = MessageSocket::Outcome;

constexpr std::size_t kStoreBytes = std::size_t{256} << 20;

/// How long controller, router and workers may take to leave at the end.
constexpr auto kLeaveTime = std::chrono::seconds(5);

/// One run, seen from the router's client.
class RouterRun {
 public:
  RouterRun(const Options& options, int workers, const std::vector<std::string>& command, ControlStore& store,
            FrameSource& source, ResultSink& sink)
      : store_(store),
        sink_(sink),
        frames_(std::max(kStoreBytes, static_cast<std::size_t>(options.max_pixels) * 3)),
        // No more than its socket holds: then neither end ever waits for the other to read.
        most_in_flight_(std::max<std::int64_t>(scheduler_limits(options, workers).max_unfinished, 64)),
        reader_(
            source, loop_, [this](Frame frame) { on_frame(std::move(frame)); },
            [this](std::exception_ptr error) { on_source_end(std::move(error)); }) {
    source.use_prober(std::make_shared<MailboxProber>(loop_, [this](auto file, auto done) { on_probe(file, done); }));
    start(options, workers, command);
  }

  void work(const std::stop_token& stop) {
    const std::stop_callback on_stop(stop,
                                     [mailbox = loop_.mailbox(), this] { mailbox->post([this] { reader_.stop(); }); });
    while (!source_ended_ || !in_flight_.empty() || !unsent_.empty()) {
      const auto waiting = static_cast<std::int64_t>(in_flight_.size() + unsent_.size());
      reader_.ask_for(pulled_ + std::max<std::int64_t>(most_in_flight_ - waiting, 0));
      loop_.run_once(std::nullopt);
      send_frames();
    }
    loop_.unwatch(router_.descriptor());
    router_.send(writer_.leave(), {}, false);
    controller_.ended_by(Clock::now() + kLeaveTime);
    if (source_error_) std::rethrow_exception(source_error_);
  }

 private:
  /// A frame on its way, and its bytes in the store.
  struct InFlight {
    FrameInfo info;
    std::optional<SealedObject> bytes;
  };

  /// A file on its way to be probed.
  struct Probe {
    std::shared_ptr<const OpenFile> file;
    std::function<void(Probed)> done;
  };

  void start(Options options, int workers, const std::vector<std::string>& command) {
    options.workers = workers;
    options.worker_command = nlohmann::json(command).dump();
    auto [router_ours, router_theirs] = MessageSocket::make_pair();
    auto [controller_ours, controller_theirs] = MessageSocket::make_pair();
    controller_ = Process(command, controller_theirs.descriptor());
    const int handed[] = {router_theirs.descriptor()};
    const std::string options_json = options_to_json(options).dump();
    controller_ours.send(writer_.hello(wire::Role::Controller, 0, options_json), handed, true);
    controller_line_ = std::move(controller_ours);
    router_ = std::move(router_ours);
    loop_.watch(router_.descriptor(), [this] { receive(); });
  }

  void on_frame(Frame frame) {
    store_.add_task(pulled_++);
    unsent_.push_back(std::move(frame));
    send_frames();
  }

  void on_probe(const std::shared_ptr<const OpenFile>& file, const std::function<void(Probed)>& done) {
    unsent_probes_.push_back(next_probe_);
    probes_.emplace(next_probe_++, Probe{file, done});
    send_frames();
  }

  void on_source_end(std::exception_ptr error) {
    source_error_ = std::move(error);
    source_ended_ = true;
  }

  /// Sends what there is room for; the rest waits for a result.
  void send_frames() {
    while (!unsent_probes_.empty() && send_probe(unsent_probes_.front())) unsent_probes_.pop_front();
    while (!unsent_.empty() && send_frame(unsent_.front())) unsent_.pop_front();
  }

  bool send_probe(std::int64_t number) {
    const int handed[] = {probes_.at(number).file->descriptor()};
    const auto outcome = router_.send(writer_.assign_probe(number), handed, false);
    // There is room again when something comes back.
    const bool awaited = !in_flight_.empty() || probes_.size() > unsent_probes_.size();
    if (outcome == Outcome::kWouldBlock && awaited) return false;
    if (outcome != Outcome::kDone) router_lost();
    return true;
  }

  bool send_frame(const Frame& frame) {
    InFlight sent{frame.info(), std::nullopt};
    bool by_descriptor = false;
    if (!frame.pixels().empty()) {
      sent.bytes = store_pixels(frames_, frame.pixels());
      if (!sent.bytes) return give_up_or_wait(frame, "the frame is larger than the object store");
    } else if (frame.file()) {
      struct stat status {};
      const bool readable = ::fstat(frame.file()->descriptor(), &status) == 0 && S_ISREG(status.st_mode);
      // What has no bytes to send (empty, not to be read) goes as it is: the worker says why it fails.
      // Nor does a file of many pictures go once for each of them.
      by_descriptor = !readable || status.st_size == 0 || frame.info().page;
      if (!by_descriptor) {
        auto loan = frames_.loan(static_cast<std::size_t>(status.st_size));
        if (!loan) return give_up_or_wait(frame, "the file is larger than the object store");
        by_descriptor = !read_all(frame.file()->descriptor(), loan->bytes());
        if (!by_descriptor) sent.bytes = std::move(*loan).seal();
      }
    }
    int descriptors[4];
    std::size_t count = 0;
    if (by_descriptor) descriptors[count++] = frame.file()->descriptor();
    const FrameFiles files = files_ ? *std::exchange(files_, {}) : sink_.files(frame.info());
    if (files.overlay) descriptors[count++] = files.overlay->descriptor();
    if (files.picture) descriptors[count++] = files.picture->descriptor();
    const bool has_store = sent.bytes && !store_sent_;
    if (has_store) descriptors[count++] = frames_.descriptor();
    const FrameId id = delivered_ + static_cast<FrameId>(in_flight_.size());
    const auto message = writer_.assign(id, frame, sent.bytes ? &sent.bytes->place() : nullptr, files, has_store);
    const auto outcome = router_.send(message, {descriptors, count}, false);
    if (outcome == Outcome::kWouldBlock && !in_flight_.empty()) {
      files_ = files;  // the sink is asked for them once
      return false;
    }
    if (outcome != Outcome::kDone) router_lost();
    store_sent_ = store_sent_ || has_store;
    store_.set_task(id, TaskState::kRunning);
    in_flight_.push_back(std::move(sent));
    return true;
  }

  /// No room: a frame in flight will make some; where there is none, there never will be.
  bool give_up_or_wait(const Frame& frame, const char* why) {
    if (!in_flight_.empty()) return false;
    in_flight_.push_back({frame.info(), std::nullopt});
    deliver(empty_result(frame.info(), Status::kFailed, why));
    return true;
  }

  static bool read_all(int descriptor, std::span<std::uint8_t> bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto got = ::pread(descriptor, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      done += static_cast<std::size_t>(got);
    }
    return true;
  }

  void receive() {
    while (true) {
      const auto outcome = router_.receive(incoming_, descriptors_, false);
      if (outcome == Outcome::kWouldBlock) return;
      if (outcome != Outcome::kDone) router_lost();
      take(read_message(incoming_.bytes()));
    }
  }

  void take(const wire::Message& message) {
    if (const auto* done = message.body_as_Done()) return take_done(*done);
    if (const auto* probed = message.body_as_Probed()) return take_probed(*probed);
    if (const auto* error = message.body_as_RunError()) {
      const bool known = error->kind() >= 0 && error->kind() <= static_cast<int>(ErrorKind::kInternal);
      throw Error(known ? static_cast<ErrorKind>(error->kind()) : ErrorKind::kInternal, error->message()->str());
    }
    if (const auto* workers = message.body_as_WorkersChanged()) {
      ExecutorStatus told;
      told.workers_ready = workers->ready();
      told.worker_deaths = workers->deaths();
      told.retries = workers->retries();
      told.warning = workers->warning()->str();
      return store_.set_workers_elsewhere(told);
    }
    const auto* stored = message.body_as_Stored();
    if (stored == nullptr || descriptors_.size() != 1) throw ProtocolError("the router sent what is no result");
    const ObjectReader reader(std::move(descriptors_[0]));
    const auto object = reader.read({stored->place()->offset(), stored->place()->size_bytes()});
    if (!object) throw ProtocolError("a result outside its memory");
    const std::vector<std::uint8_t> copy(object->begin(), object->end());
    const wire::Message& large = read_message(copy);
    if (const auto* probed = large.body_as_Probed()) return take_probed(*probed);
    const auto* done = large.body_as_Done();
    if (done == nullptr) throw ProtocolError("the router sent what is no result");
    take_done(*done);
  }

  void take_probed(const wire::Probed& message) {
    const auto found = probes_.find(message.frame());
    if (found == probes_.end()) throw ProtocolError("a probe that nobody waits for");
    const Probe probe = std::move(found->second);
    probes_.erase(found);
    probe.done(read_probed(message));
  }

  void take_done(const wire::Done& done) {
    if (in_flight_.empty()) throw ProtocolError("a result that nobody waits for");
    FrameResult result = read_result(*done.result(), in_flight_.front().info);
    result.timing.worker = done.result()->worker();
    result.timing.attempt = done.result()->attempt();
    deliver(std::move(result));
  }

  /// The result of the first in flight: the router keeps the order.
  void deliver(FrameResult result) {
    const InFlight first = std::move(in_flight_.front());
    in_flight_.pop_front();
    const FrameId id = delivered_++;
    store_.set_task(id, result.status == Status::kOk       ? TaskState::kOk
                        : result.status == Status::kFailed ? TaskState::kFailed
                                                           : TaskState::kDropped);
    store_.remove_task(id);
    if (first.info.captured) {
      const auto latency = Clock::now() - *first.info.captured;
      result.timing.latency_ms = std::chrono::duration<double, std::milli>(latency).count();
    }
    sink_.write(std::move(result));
  }

  [[noreturn]] void router_lost() {
    const bool ended = controller_.ended_by(Clock::now() + std::chrono::milliseconds(200));
    throw Error(ErrorKind::kExecutor, "the router process was lost, and with it every frame on its way" +
                                          (ended ? " (its controller: " + controller_.wait() + ")" : std::string()));
  }

  ControlStore& store_;
  ResultSink& sink_;
  EventLoop loop_;
  MessageWriter writer_;
  MessageBuffer incoming_;
  std::vector<Descriptor> descriptors_;
  ObjectStore frames_;
  bool store_sent_ = false;
  std::deque<Frame> unsent_;
  std::map<std::int64_t, Probe> probes_;  ///< that are not answered
  std::deque<std::int64_t> unsent_probes_;
  std::int64_t next_probe_ = 0;
  std::optional<FrameFiles> files_;  ///< of the first unsent, if the sink was asked for them already
  std::deque<InFlight> in_flight_;
  FrameId delivered_ = 0;
  std::int64_t pulled_ = 0;
  std::int64_t most_in_flight_;
  bool source_ended_ = false;
  std::exception_ptr source_error_;
  MessageSocket router_;
  MessageSocket controller_line_;  ///< closed: the controller sees that the router has gone
  Process controller_;
  FrameReader reader_;
};

}  // namespace

RouterExecutor::RouterExecutor(const Options& options, int workers, std::vector<std::string> command)
    : options_(options), workers_(workers), command_(std::move(command)) {}

void RouterExecutor::run(FrameSource& source, ResultSink& sink, std::stop_token stop) {
  const auto store = store_.renew();
  try {
    RouterRun(options_, workers_, command_, *store, source, sink).work(stop);
  } catch (const ProtocolError& error) {
    throw Error(ErrorKind::kInternal, std::string("the router broke the protocol: ") + error.what());
  }
}

}  // namespace capillaryx
