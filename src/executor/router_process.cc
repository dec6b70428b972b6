// SPDX-License-Identifier: Apache-2.0
#include "executor/router_process.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capillaryx/error.h"
#include "executor/channel.h"
#include "executor/driver_executor.h"
#include "executor/process_pool.h"
#include "executor/worker_command.h"
#include "executor/worker_launcher.h"
#include "options/options_json.h"

namespace capillaryx {
namespace {

using Outcome = MessageSocket::Outcome;

/// The controller's end of the line to its router.
class Controller : public WorkerLauncher::Listener {
 public:
  Controller(MessageSocket parent, const Options& options)
      : parent_(std::move(parent)), options_(options), launcher_(worker_command(options), loop_) {
    launcher_.listen(*this);
  }

  void work(Descriptor client) {
    auto [ours, theirs] = MessageSocket::make_pair();
    router_ = std::move(ours);
    Process router(worker_command(options_), theirs.descriptor());
    theirs.close();
    const int handed[] = {client.number()};
    const std::string options_json = options_to_json(options_).dump();
    router_.send(writer_.hello(wire::Role::Router, 0, options_json), handed, true);
    client.reset();
    bool done = false;
    loop_.watch(router.descriptor(), [&done] { done = true; });
    loop_.watch(parent_.descriptor(), [&done] { done = true; });
    loop_.watch(router_.descriptor(), [this] { receive(); });
    while (!done) loop_.run_once(std::nullopt);
    launcher_.end_all(std::chrono::seconds(2));
  }

  void on_launched(WorkerId worker, MessageSocket socket, std::int64_t process) override {
    const int handed[] = {socket.descriptor()};
    router_.send(writer_.launched(worker, process), handed, true);
  }
  void on_gone(WorkerId worker, const std::string& how) override { router_.send(writer_.gone(worker, how), {}, true); }

 private:
  void receive() {
    std::vector<Descriptor> descriptors;
    const auto outcome = router_.receive(incoming_, descriptors, false);
    if (outcome == Outcome::kWouldBlock) return;
    if (outcome != Outcome::kDone) return loop_.unwatch(router_.descriptor());
    const wire::Message& message = read_message(incoming_.bytes());
    if (const auto* launch = message.body_as_Launch()) launcher_.launch(launch->worker());
    if (const auto* end = message.body_as_EndWorker()) launcher_.end(end->worker(), end->at_once());
  }

  MessageSocket parent_;
  Options options_;
  EventLoop loop_;
  ProcessLauncher launcher_;
  MessageSocket router_;
  MessageWriter writer_;
  MessageBuffer incoming_;
};

/// A router's way to start workers: it asks the controller.
class ControllerLauncher : public WorkerLauncher {
 public:
  ControllerLauncher(std::shared_ptr<MessageSocket> controller, EventLoop& loop)
      : controller_(std::move(controller)), loop_(loop) {
    loop_.watch(controller_->descriptor(), [this] { receive(); });
  }
  ~ControllerLauncher() override { loop_.unwatch(controller_->descriptor()); }

  void launch(WorkerId worker) override { controller_->send(writer_.launch(worker), {}, true); }
  void end(WorkerId worker, bool at_once) override { controller_->send(writer_.end_worker(worker, at_once), {}, true); }
  void end_all(std::chrono::steady_clock::duration /*time*/) override {}

 private:
  void receive() {
    std::vector<Descriptor> descriptors;
    const auto outcome = controller_->receive(incoming_, descriptors, false);
    if (outcome == Outcome::kWouldBlock) return;
    if (outcome != Outcome::kDone) throw Error(ErrorKind::kExecutor, "the controller process ended");
    const wire::Message& message = read_message(incoming_.bytes());
    if (const auto* launched = message.body_as_Launched(); launched != nullptr && descriptors.size() == 1) {
      listener_->on_launched(launched->worker(), MessageSocket(std::move(descriptors[0])), launched->process());
    }
    if (const auto* gone = message.body_as_Gone()) listener_->on_gone(gone->worker(), gone->how()->str());
  }

  std::shared_ptr<MessageSocket> controller_;
  EventLoop& loop_;
  MessageWriter writer_;
  MessageBuffer incoming_;
};

/// Bytes that came in a client's store, as a file that a worker can be handed.
std::shared_ptr<const OpenFile> file_of(std::span<const std::uint8_t> bytes) {
  SharedMemory memory(bytes.size());
  std::copy(bytes.begin(), bytes.end(), memory.bytes().begin());
  const int copy = ::fcntl(memory.descriptor(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw Error(ErrorKind::kExecutor, "the router has no more descriptors");
  return std::make_shared<OpenFile>(copy);
}

/// A client, as source and sink of the run that its router makes of it.
class Client : public FrameSource, public ResultSink {
 public:
  explicit Client(MessageSocket socket) : socket_(std::move(socket)) {}

  std::optional<Frame> next() override {
    std::vector<Descriptor> descriptors;
    if (socket_.receive(incoming_, descriptors, true) != Outcome::kDone) return std::nullopt;
    const auto* assign = read_message(incoming_.bytes()).body_as_Assign();
    if (assign == nullptr) return std::nullopt;
    if (assign->probe()) {
      if (descriptors.size() != 1) throw ProtocolError("a descriptor is missing");
      prober_->probe(
          std::make_shared<OpenFile>(descriptors[0].release()),
          [this, id = assign->frame()](const Probed& probed) { send_large(id, writer_.probed(id, probed)); });
      return next();
    }
    std::size_t used = 0;
    const auto next_file = [&] {
      if (used == descriptors.size()) throw ProtocolError("a descriptor is missing");
      return std::make_shared<OpenFile>(descriptors[used++].release());
    };
    std::shared_ptr<const OpenFile> file;
    if (assign->kind() == wire::FrameKind::File && assign->place() == nullptr) file = next_file();
    if (assign->has_overlay() || assign->has_picture()) {
      FrameFiles files;
      if (assign->has_overlay()) files.overlay = next_file();
      if (assign->has_picture()) files.picture = next_file();
      const std::lock_guard lock(mutex_);
      files_[assign->index()] = std::move(files);
    }
    if (assign->has_store()) {
      if (used == descriptors.size()) throw ProtocolError("a descriptor is missing");
      frames_ = std::make_shared<ObjectReader>(std::move(descriptors[used++]));
    }
    std::span<const std::uint8_t> bytes;
    if (assign->place() != nullptr) {
      const auto found =
          frames_ ? frames_->read({assign->place()->offset(), assign->place()->size_bytes()}) : std::nullopt;
      if (!found) throw ProtocolError("a frame outside the store");
      bytes = *found;
      if (assign->kind() == wire::FrameKind::File) file = file_of(bytes);
    }
    return read_frame(*assign, std::move(file), bytes, frames_);
  }

  /// Answers come in the thread that writes.
  void use_prober(std::shared_ptr<Prober> prober) override { prober_ = std::move(prober); }

  /// Ends a next() that waits, and the source with it.
  void stop() override { socket_.stop_receiving(); }

  FrameFiles files(const FrameInfo& frame) override {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(frame.index);
    if (found == files_.end()) return {};
    FrameFiles files = std::move(found->second);
    files_.erase(found);
    return files;
  }

  void write(FrameResult result) override { send_large(result.index, writer_.done(result.index, result, false)); }

  /// In the thread that writes.
  void tell_of_workers(const ExecutorStatus& status) { socket_.send(writer_.workers_changed(status), {}, true); }

  void fail(const Error& error) { socket_.send(writer_.run_error(error.kind(), error.what()), {}, true); }

 private:
  void send_large(std::int64_t id, std::span<const std::uint8_t> message) {
    if (message.size() <= kLargeMessageBytes) return send(message, {});
    const std::size_t size_bytes = message.size();
    SharedMemory memory(size_bytes);
    std::copy(message.begin(), message.end(), memory.bytes().begin());
    const int handed[] = {memory.descriptor()};
    send(writer_.stored(id, {0, size_bytes}), handed);
  }

  void send(std::span<const std::uint8_t> message, std::span<const int> descriptors) {
    if (socket_.send(message, descriptors, true) != Outcome::kDone) {
      throw Error(ErrorKind::kExecutor, "the router's client is gone");
    }
  }

  MessageSocket socket_;
  MessageBuffer incoming_;
  std::shared_ptr<ObjectReader> frames_;
  std::shared_ptr<Prober> prober_;
  MessageWriter writer_;
  std::mutex mutex_;
  std::map<std::int64_t, FrameFiles> files_;  ///< guarded by mutex_
};

}  // namespace

int run_controller(MessageSocket parent, const Options& options, Descriptor client) {
  Controller(std::move(parent), options).work(std::move(client));
  return 0;
}

int run_router(MessageSocket controller, const Options& options, Descriptor client_descriptor) {
  Client client{MessageSocket(std::move(client_descriptor))};
  const auto line = std::make_shared<MessageSocket>(std::move(controller));
  DriverExecutor executor(
      options, static_cast<int>(options.workers),
      [&options, &client, line](EventLoop& loop, WorkerEvents& events, ControlStore& store) {
        store.watch_workers([&client](const ExecutorStatus& status) { client.tell_of_workers(status); });
        return std::make_unique<ProcessPool>(options, std::make_unique<ControllerLauncher>(line, loop), loop, events,
                                             store);
      });
  try {
    executor.run(client, client, {});
  } catch (const Error& error) {
    client.fail(error);
    return 1;
  }
  return 0;
}

}  // namespace capillaryx
