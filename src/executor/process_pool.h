// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capillaryx/options.h"
#include "executor/channel.h"
#include "executor/worker_launcher.h"
#include "executor/worker_pool.h"
#include "os/event_loop.h"
#include "os/message_socket.h"
#include "store/object_store.h"

namespace capillaryx {

/// Workers that are processes, each at the other end of a socket. Frames from files travel as descriptors, pixels
/// through the object store, results in the message or, where large, through the worker's store.
class ProcessPool : public WorkerPool, private WorkerLauncher::Listener {
 public:
  ProcessPool(const Options& options, std::unique_ptr<WorkerLauncher> launcher, EventLoop& loop, WorkerEvents& events,
              ControlStore& store);
  ~ProcessPool() override;

  void start(WorkerId worker, int slot) override;
  Sent assign(WorkerId worker, Task task) override;
  void end(WorkerId worker) override;

 private:
  /// A frame that a worker was given and has not answered.
  struct Given {
    FrameId id = -1;
    FrameInfo info;
    int attempt = 1;
    std::optional<SealedObject> pixels;
  };
  struct Worker {
    WorkerId id = -1;
    int slot = 0;
    MessageSocket socket;
    bool watched = false;
    bool has_store = false;
    std::deque<Given> given;
    std::map<FrameId, SealedObject> kept;  ///< pixels that its analyzer still looks at
    std::optional<ObjectReader> results;
    std::string last_words;
  };

  void on_launched(WorkerId id, MessageSocket socket, std::int64_t process) override;
  void on_gone(WorkerId id, const std::string& how) override;
  void receive(WorkerId id);
  bool take(Worker& worker);
  void take_done(Worker& worker, const wire::Done& done);
  void take_probed(Worker& worker, const wire::Probed& message);
  void take_stored(Worker& worker, const wire::Stored& stored);
  void let_go(Worker& worker, FrameId up_to);
  void dismiss(Worker& worker, const std::string& why);
  void unwatch(Worker& worker);

  Options options_;
  std::string options_json_;
  std::unique_ptr<WorkerLauncher> launcher_;
  EventLoop& loop_;
  WorkerEvents& events_;
  ControlStore& store_;
  std::map<WorkerId, Worker> workers_;
  std::optional<ObjectStore> frames_;  ///< made for the first frame that comes as pixels
  MessageWriter writer_;
  MessageBuffer incoming_;
  std::vector<Descriptor> incoming_descriptors_;
  std::vector<std::uint8_t> large_;
};

}  // namespace capillaryx
