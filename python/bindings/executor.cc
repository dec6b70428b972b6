// SPDX-License-Identifier: Apache-2.0
// The two ends of the ray executor that Python joins: in the driver a pool of workers whose start, work and end are
// Python's (capillaryx/ray.py) under the same scheduler as the local driver's; in an actor the work of one worker.
#include "capillaryx/executor.h"

#include <nanobind/stl/string.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bindings.h"
#include "capillaryx/error.h"
#include "executor/actor_worker.h"
#include "executor/channel.h"
#include "executor/driver_executor.h"
#include "executor/ray_executor.h"
#include "executor/worker_command.h"
#include "options/options_json.h"

namespace capillaryx::python {
namespace {

/// An actor waits for a core of the cluster, which may be a machine that is still to be started.
constexpr std::chrono::hours kStartTime{24};

/// One frame on its way to an actor.
class RayTask {
 public:
  explicit RayTask(Task task) : task_(std::move(task)) {}

  const Frame& frame() const { return task_.frame; }
  const FrameInfo& info() const { return task_.frame.info(); }
  FrameId id() const { return task_.id; }
  bool probe() const { return task_.probe; }
  /// What with_info() takes: all that is known of the frame beside its picture.
  nb::bytes info_bytes() const {
    MessageWriter writer;
    return to_bytes(writer.assign(task_.id, Frame::unreadable(info(), ""), nullptr, {}, false));
  }
  bool wants_overlay() const { return task_.files.overlay != nullptr; }
  bool wants_picture() const { return task_.files.picture != nullptr; }

  /// Where the frame's file lies, or nothing where it has none or has been removed.
  std::string path() const {
    if (!task_.frame.file()) return {};
    const std::string link = "/proc/self/fd/" + std::to_string(task_.frame.file()->descriptor());
    std::string path(4096, '\0');
    const auto length = ::readlink(link.c_str(), path.data(), path.size());
    path.resize(length > 0 && length < 4096 ? static_cast<std::size_t>(length) : 0);
    return path.starts_with('/') && !path.ends_with(" (deleted)") ? path : std::string();
  }
  int descriptor() const { return task_.frame.file() ? task_.frame.file()->descriptor() : -1; }

 private:
  Task task_;
};

/// Messages of the actors to the run, from any thread; what comes after the run has ended is lost.
class RayEvents {
 public:
  struct Listener {
    virtual ~Listener() = default;
    virtual void ready(WorkerId worker, const std::string& warning) = 0;
    virtual void ended(WorkerId worker, const std::string& reason) = 0;
    virtual void result(WorkerId worker, FrameId frame, const std::vector<std::uint8_t>& message,
                        const std::vector<std::uint8_t>& overlay, const std::vector<std::uint8_t>& picture) = 0;
    virtual void error(int kind, const std::string& message) = 0;
  };

  RayEvents(std::shared_ptr<Mailbox> mailbox, Listener* listener) : mailbox_(std::move(mailbox)), listener_(listener) {}

  void ready(WorkerId worker, std::string warning) const {
    mailbox_->post([listener = listener_, worker, warning = std::move(warning)] { listener->ready(worker, warning); });
  }
  void ended(WorkerId worker, std::string reason) const {
    mailbox_->post([listener = listener_, worker, reason = std::move(reason)] { listener->ended(worker, reason); });
  }
  void result(WorkerId worker, FrameId frame, const nb::bytes& message, const nb::bytes& overlay,
              const nb::bytes& picture) const {
    const auto message_bytes = view(message);
    const auto overlay_bytes = view(overlay);
    const auto picture_bytes = view(picture);
    mailbox_->post([listener = listener_, worker, frame,
                    message_copy = std::vector<std::uint8_t>(message_bytes.begin(), message_bytes.end()),
                    overlay_copy = std::vector<std::uint8_t>(overlay_bytes.begin(), overlay_bytes.end()),
                    picture_copy = std::vector<std::uint8_t>(picture_bytes.begin(), picture_bytes.end())] {
      listener->result(worker, frame, message_copy, overlay_copy, picture_copy);
    });
  }
  void error(int kind, std::string message) const {
    mailbox_->post([listener = listener_, kind, message = std::move(message)] { listener->error(kind, message); });
  }

 private:
  std::shared_ptr<Mailbox> mailbox_;
  Listener* listener_;
};

/// What Python raises ends the run, in its words.
template <class Action>
void call(Action&& action) {
  try {
    action();
  } catch (const nb::python_error& error) {
    throw Error(ErrorKind::kExecutor, nb::str(error.value()).c_str());
  }
}

/// Workers that are actors. `cluster.open(events)` gives the Python object that starts, feeds and ends them.
class RayPool : public WorkerPool, private RayEvents::Listener {
 public:
  RayPool(nb::handle cluster, EventLoop& loop, WorkerEvents& events, ControlStore& store)
      : events_(events), store_(store) {
    const nb::gil_scoped_acquire gil;
    call([&] { actors_ = cluster.attr("open")(nb::cast(RayEvents(loop.mailbox(), this))); });
  }
  ~RayPool() override {
    const nb::gil_scoped_acquire gil;
    try {
      actors_.attr("close")();
    } catch (const nb::python_error&) {  // the cluster is gone already
    }
    actors_.reset();
  }
  RayPool(const RayPool&) = delete;
  RayPool& operator=(const RayPool&) = delete;

  void start(WorkerId worker, int slot) override {
    workers_[worker].slot = slot;
    const nb::gil_scoped_acquire gil;
    call([&] { actors_.attr("start")(worker, slot); });
  }

  Sent assign(WorkerId worker, Task task) override {
    const auto found = workers_.find(worker);
    if (found == workers_.end()) return Sent::kSent;
    found->second.given.push_back({task.id, task.frame.info(), task.attempt, task.files});
    const nb::gil_scoped_acquire gil;
    call([&] { actors_.attr("assign")(worker, nb::cast(RayTask(std::move(task)))); });
    return Sent::kSent;
  }

  void end(WorkerId worker) override {
    if (workers_.count(worker) == 0) return;
    const nb::gil_scoped_acquire gil;
    call([&] { actors_.attr("end")(worker); });
  }

 private:
  struct Given {
    FrameId id = -1;
    FrameInfo info;
    int attempt = 1;
    FrameFiles files;
  };
  struct Worker {
    int slot = 0;
    std::deque<Given> given;
  };

  void ready(WorkerId worker, const std::string& warning) override {
    if (workers_.count(worker) == 0) return;
    store_.set_warning(warning);
    events_.on_ready(worker);
  }

  void ended(WorkerId worker, const std::string& reason) override {
    if (workers_.erase(worker) > 0) events_.on_ended(worker, reason);
  }

  void result(WorkerId id, FrameId frame, const std::vector<std::uint8_t>& message,
              const std::vector<std::uint8_t>& overlay, const std::vector<std::uint8_t>& picture) override {
    const auto found = workers_.find(id);
    if (found == workers_.end()) return;
    Worker& worker = found->second;
    while (!worker.given.empty() && worker.given.front().id != frame) worker.given.pop_front();
    if (worker.given.empty()) return;
    const Given given = std::move(worker.given.front());
    worker.given.pop_front();
    const wire::Message& read = read_message(message);
    if (const auto* probed = read.body_as_Probed()) return events_.on_probed(id, frame, read_probed(*probed));
    if (read.body_type() != wire::Body::Done) throw Error(ErrorKind::kExecutor, "an actor sent what is no result");
    FrameResult result = read_result(*read.body_as_Done()->result(), given.info);
    result.timing.worker = worker.slot;
    result.timing.attempt = given.attempt;
    if (given.files.overlay && result.status == Status::kOk) write_whole(*given.files.overlay, overlay);
    if (given.files.picture && result.status == Status::kOk) write_whole(*given.files.picture, picture);
    events_.on_result(id, frame, std::move(result));
  }

  void error(int kind, const std::string& message) override {
    const bool known = kind >= 0 && kind <= static_cast<int>(ErrorKind::kInternal);
    events_.on_error(
        std::make_exception_ptr(Error(known ? static_cast<ErrorKind>(kind) : ErrorKind::kInternal, message)));
  }

  WorkerEvents& events_;
  ControlStore& store_;
  std::map<WorkerId, Worker> workers_;
  nb::object actors_;
};

/// A Python object that is let go of with the GIL held, whoever is the last to hold it.
std::shared_ptr<nb::object> shared_object(nb::object object) {
  return {new nb::object(std::move(object)), [](nb::object* held) {
            const nb::gil_scoped_acquire gil;
            delete held;
          }};
}

/// `make(options_json)` gives a cluster: its number of `workers`, and open(events).
void set_ray_cluster(const nb::object& make) {
  // Never destroyed: the interpreter may end first.
  static nb::object* const kept = new nb::object();
  *kept = make;
  set_ray_executor([](const Options& options) -> std::unique_ptr<Executor> {
    const nb::gil_scoped_acquire gil;
    std::shared_ptr<nb::object> cluster;
    call([&] { cluster = shared_object((*kept)(options_to_json(options).dump())); });
    const int workers = nb::cast<int>(cluster->attr("workers"));
    return std::make_unique<DriverExecutor>(
        options, workers,
        [cluster](EventLoop& loop, WorkerEvents& events, ControlStore& store) {
          return std::make_unique<RayPool>(*cluster, loop, events, store);
        },
        kStartTime);
  });
}

nb::bytes content(const OpenFile& file) {
  struct stat status {};
  ::fstat(file.descriptor(), &status);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(status.st_size));
  const auto got = ::pread(file.descriptor(), bytes.data(), bytes.size(), 0);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return to_bytes(bytes);
}

/// How a child went can be asked only where children are not given away unheard, as Ray's processes do.
void hear_of_children() {
  struct sigaction now {};
  ::sigaction(SIGCHLD, nullptr, &now);
  if (now.sa_handler == SIG_IGN) std::signal(SIGCHLD, SIG_DFL);
}

/// What an actor does with its frames: it gives them to its own worker process.
class Actor {
 public:
  explicit Actor(const std::string& options_json) {
    const Options options = options_of(options_json);
    const nb::gil_scoped_release unlocked;
    hear_of_children();
    worker_ = std::make_unique<ActorWorker>(options, worker_command(options));
  }
  ~Actor() {
    const nb::gil_scoped_release unlocked;
    worker_.reset();
  }
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  /// The result as a message, its overlay and its picture (empty if not wanted); None if the process has ended.
  nb::object run(Frame frame, bool overlay, bool picture) {
    std::optional<FrameResult> result;
    FrameFiles files;
    {
      const nb::gil_scoped_release unlocked;
      if (overlay) files.overlay = memory_file({});
      if (picture) files.picture = memory_file({});
      result = worker_->run(std::move(frame), files);
      frame = Frame();
    }
    if (!result) return nb::none();
    const auto bytes_of = [](const std::shared_ptr<const OpenFile>& file) {
      return file ? content(*file) : nb::bytes("", 0);
    };
    return nb::make_tuple(to_bytes(writer_.done(0, *result, false)), bytes_of(files.overlay), bytes_of(files.picture));
  }

  /// What a frame's file is, as a message; None if the process has ended.
  nb::object probe(const Frame& frame) {
    std::optional<Probed> probed;
    {
      const nb::gil_scoped_release unlocked;
      probed = worker_->probe(frame.file());
    }
    return probed ? nb::object(to_bytes(writer_.probed(0, *probed))) : nb::none();
  }

  const std::string& ended() const { return worker_->ended(); }
  std::string warning() const { return worker_->warning(); }

 private:
  std::unique_ptr<ActorWorker> worker_;
  MessageWriter writer_;
};

}  // namespace

void add_executor(nb::module_& module) {
  module.def("set_ray_cluster", &set_ray_cluster, nb::arg("make"));
  nb::class_<RayTask>(module, "RayTask")
      .def_prop_ro("frame_id", &RayTask::id)
      .def_prop_ro("info", &RayTask::info_bytes)
      .def_prop_ro("probe", &RayTask::probe)
      .def_prop_ro("wants_overlay", &RayTask::wants_overlay)
      .def_prop_ro("wants_picture", &RayTask::wants_picture)
      .def_prop_ro("path", &RayTask::path)
      .def_prop_ro("descriptor", &RayTask::descriptor)
      .def_prop_ro("error", [](const RayTask& task) { return task.frame().error(); })
      .def_prop_ro(
          "pixels", [](const RayTask& task) { return pixels_of(task.frame()); },
          nb::sig("def pixels(self) -> numpy.typing.NDArray[numpy.uint8] | None"));
  nb::class_<RayEvents>(module, "RayEvents")
      .def("ready", &RayEvents::ready, nb::arg("worker"), nb::arg("warning"))
      .def("ended", &RayEvents::ended, nb::arg("worker"), nb::arg("reason"))
      .def("result", &RayEvents::result, nb::arg("worker"), nb::arg("frame"), nb::arg("message"), nb::arg("overlay"),
           nb::arg("picture"))
      .def("error", &RayEvents::error, nb::arg("kind"), nb::arg("message"));
  nb::class_<Actor>(module, "ActorWorker")
      .def(nb::init<const std::string&>(), nb::arg("options_json"))
      .def("run", &Actor::run, nb::arg("frame"), nb::arg("overlay"), nb::arg("picture"),
           nb::sig("def run(self, frame: Frame, overlay: bool, picture: bool) -> tuple[bytes, bytes, bytes] | None"))
      .def("probe", &Actor::probe, nb::arg("frame"), nb::sig("def probe(self, frame: Frame) -> bytes | None"))
      .def_prop_ro("ended", &Actor::ended)
      .def_prop_ro("warning", &Actor::warning);
}

}  // namespace capillaryx::python
