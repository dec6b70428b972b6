// SPDX-License-Identifier: Apache-2.0
#include "executor/process_pool.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "capillaryx/error.h"
#include "options/options_json.h"

namespace capillaryx {
namespace {

using Outcome = MessageSocket::Outcome;

/// Room for pixels: enough for many ordinary frames, and for one as large as is allowed.
constexpr std::size_t kStoreBytes = std::size_t{256} << 20;

/// How long workers that were asked to leave may take before they are ended.
constexpr auto kLeaveTime = std::chrono::seconds(2);

}  // namespace

ProcessPool::ProcessPool(const Options& options, std::unique_ptr<WorkerLauncher> launcher, EventLoop& loop,
                         WorkerEvents& events, ControlStore& store)
    : options_(options),
      options_json_(options_to_json(options).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)),
      launcher_(std::move(launcher)),
      loop_(loop),
      events_(events),
      store_(store) {
  launcher_->listen(*this);
}

ProcessPool::~ProcessPool() {
  // Those that have nothing to do are asked; those that are at a frame nobody waits for are ended.
  for (auto& [id, worker] : workers_) {
    const bool asked = worker.given.empty() && worker.socket.send(writer_.leave(), {}, false) == Outcome::kDone;
    if (!asked) launcher_->end(id, true);
    unwatch(worker);
  }
  launcher_->end_all(kLeaveTime);
}

void ProcessPool::start(WorkerId id, int slot) {
  workers_[id].id = id;
  workers_[id].slot = slot;
  launcher_->launch(id);
}

void ProcessPool::on_launched(WorkerId id, MessageSocket socket, std::int64_t process) {
  Worker& worker = workers_.at(id);
  worker.socket = std::move(socket);
  store_.set_process(id, process);
  loop_.watch(worker.socket.descriptor(), [this, id] { receive(id); });
  worker.watched = true;
  worker.socket.send(writer_.hello(wire::Role::Worker, worker.slot, options_json_), {}, false);
}

WorkerPool::Sent ProcessPool::assign(WorkerId id, Task task) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return Sent::kSent;
  Worker& worker = found->second;
  Given given{task.id, task.frame.info(), task.attempt, std::nullopt};
  int descriptors[4];
  std::size_t count = 0;
  bool has_store = false;
  if (task.frame.file()) descriptors[count++] = task.frame.file()->descriptor();
  if (task.files.overlay) descriptors[count++] = task.files.overlay->descriptor();
  if (task.files.picture) descriptors[count++] = task.files.picture->descriptor();
  if (!task.frame.pixels().empty()) {
    if (!frames_) frames_.emplace(std::max(kStoreBytes, static_cast<std::size_t>(options_.max_pixels) * 3));
    const std::size_t bytes = static_cast<std::size_t>(task.frame.pixels().width) *
                              static_cast<std::size_t>(task.frame.pixels().height) *
                              static_cast<std::size_t>(task.frame.pixels().channels);
    if (bytes > frames_->capacity_bytes()) return Sent::kTooLarge;
    given.pixels = store_pixels(*frames_, task.frame.pixels());
    if (!given.pixels) return Sent::kStoreFull;
    store_.add_object(given.pixels->place().offset, {bytes, task.id, id});
    has_store = !std::exchange(worker.has_store, true);
    if (has_store) descriptors[count++] = frames_->descriptor();
  }
  const auto message = task.probe ? writer_.assign_probe(task.id)
                                  : writer_.assign(task.id, task.frame, given.pixels ? &given.pixels->place() : nullptr,
                                                   task.files, has_store);
  worker.given.push_back(std::move(given));
  // A worker that takes no messages is not working: it is ended, and its end is reported as any other's.
  const auto outcome = worker.socket.send(message, {descriptors, count}, false);
  if (outcome == Outcome::kWouldBlock || outcome == Outcome::kBroken) {
    dismiss(worker, "it took no more messages");
  }
  return Sent::kSent;
}

void ProcessPool::end(WorkerId id) {
  if (workers_.count(id) > 0) launcher_->end(id, true);
}

void ProcessPool::receive(WorkerId id) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  while (take(found->second)) {
  }
}

/// Takes one message in; false where there is none.
bool ProcessPool::take(Worker& worker) {
  if (!worker.watched) return false;
  const auto outcome = worker.socket.receive(incoming_, incoming_descriptors_, false);
  if (outcome == Outcome::kWouldBlock) return false;
  if (outcome != Outcome::kDone) {
    // It ends, or is made to: without its socket it is of no use.
    dismiss(worker, outcome == Outcome::kBroken ? "it sent what is no message" : "");
    return false;
  }
  try {
    const wire::Message& message = read_message(incoming_.bytes());
    switch (message.body_type()) {
      case wire::Body::Ready:
        if (incoming_descriptors_.size() != 1) throw ProtocolError("it came without its store");
        worker.results.emplace(std::move(incoming_descriptors_[0]));
        store_.set_warning(message.body_as_Ready()->warning()->str());
        events_.on_ready(worker.id);
        break;
      case wire::Body::Done:
        take_done(worker, *message.body_as_Done());
        break;
      case wire::Body::Probed:
        take_probed(worker, *message.body_as_Probed());
        break;
      case wire::Body::Stored:
        take_stored(worker, *message.body_as_Stored());
        break;
      case wire::Body::FrameReleased: {
        const auto kept = worker.kept.find(message.body_as_FrameReleased()->frame());
        if (kept == worker.kept.end()) break;
        store_.remove_object(kept->second.place().offset);
        worker.kept.erase(kept);
        events_.on_store_freed();
        break;
      }
      case wire::Body::Leaving:
        worker.last_words = message.body_as_Leaving()->reason()->str();
        break;
      case wire::Body::RunError: {
        const auto& error = *message.body_as_RunError();
        const bool known = error.kind() >= 0 && error.kind() <= static_cast<int>(ErrorKind::kInternal);
        const auto kind = known ? static_cast<ErrorKind>(error.kind()) : ErrorKind::kInternal;
        events_.on_error(std::make_exception_ptr(Error(kind, error.message()->str())));
        break;
      }
      default:
        throw ProtocolError("it sent what is no worker's message");
    }
  } catch (const std::exception& error) {
    dismiss(worker, std::string("it broke the protocol: ") + error.what());
    return false;
  }
  return true;
}

void ProcessPool::take_done(Worker& worker, const wire::Done& done) {
  const auto given = std::find_if(worker.given.begin(), worker.given.end(),
                                  [&done](const Given& each) { return each.id == done.frame(); });
  if (given == worker.given.end()) throw ProtocolError("a result of a frame that it was not given");
  FrameResult result = read_result(*done.result(), given->info);
  result.timing.worker = worker.slot;
  result.timing.attempt = given->attempt;
  if (done.keeps_frame() && given->pixels) worker.kept.emplace(given->id, std::move(*std::exchange(given->pixels, {})));
  const FrameId frame = given->id;
  let_go(worker, frame);
  events_.on_result(worker.id, frame, std::move(result));
}

void ProcessPool::take_probed(Worker& worker, const wire::Probed& message) {
  const FrameId frame = message.frame();
  if (std::none_of(worker.given.begin(), worker.given.end(), [frame](const Given& each) { return each.id == frame; })) {
    throw ProtocolError("a probe that it was not asked for");
  }
  Probed probed = read_probed(message);
  let_go(worker, frame);
  events_.on_probed(worker.id, frame, std::move(probed));
}

void ProcessPool::take_stored(Worker& worker, const wire::Stored& stored) {
  const auto object =
      worker.results ? worker.results->read({stored.place()->offset(), stored.place()->size_bytes()}) : std::nullopt;
  if (!object) throw ProtocolError("a result outside its store");
  // What a worker can still write is copied before it is looked at.
  large_.assign(object->begin(), object->end());
  worker.socket.send(writer_.result_copied(), {}, false);
  const wire::Message& message = read_message(large_);
  if (message.body_type() == wire::Body::Done) {
    take_done(worker, *message.body_as_Done());
  } else if (message.body_type() == wire::Body::Probed) {
    take_probed(worker, *message.body_as_Probed());
  } else {
    throw ProtocolError("its store holds no result");
  }
  large_.clear();
  large_.shrink_to_fit();
}

/// Gives back what the worker's frames hold, up to `up_to`: it does them in order.
void ProcessPool::let_go(Worker& worker, FrameId up_to) {
  while (!worker.given.empty()) {
    const Given given = std::move(worker.given.front());
    worker.given.pop_front();
    if (given.pixels) store_.remove_object(given.pixels->place().offset);
    if (given.id == up_to) return;
  }
}

void ProcessPool::unwatch(Worker& worker) {
  if (std::exchange(worker.watched, false)) loop_.unwatch(worker.socket.descriptor());
}

/// Ends a worker that is of no use any more; what is left to say is said when it is gone.
void ProcessPool::dismiss(Worker& worker, const std::string& why) {
  unwatch(worker);
  if (worker.last_words.empty()) worker.last_words = why;
  launcher_->end(worker.id, !why.empty());
  worker.socket.close();
}

void ProcessPool::on_gone(WorkerId id, const std::string& how) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  // Its last results are in the socket still.
  receive(id);
  Worker& worker = found->second;
  unwatch(worker);
  const std::string reason = "the worker was lost: " + (worker.last_words.empty() ? how : worker.last_words);
  let_go(worker, -1);
  for (const auto& [frame, object] : worker.kept) store_.remove_object(object.place().offset);
  workers_.erase(found);
  events_.on_ended(id, reason);
}

}  // namespace capillaryx
