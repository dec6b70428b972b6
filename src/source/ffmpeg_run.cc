// SPDX-License-Identifier: Apache-2.0
#include "source/ffmpeg_run.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "capillaryx/error.h"
#include "os/sandbox.h"

namespace capillaryx {
namespace {

constexpr int kPipeBytes = 1 << 20;

struct Pipe {
  std::shared_ptr<OpenFile> reading;
  std::shared_ptr<OpenFile> writing;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  return {std::make_shared<OpenFile>(ends[0]), std::make_shared<OpenFile>(ends[1])};
}

// The version of libavcodec, which every build of ffmpeg has in one form: 58.54 is ffmpeg 4.2.
struct CodecVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const CodecVersion&) const = default;
};
constexpr CodecVersion kOldest{58, 54};
constexpr CodecVersion kFpsMode{59, 37};  // ffmpeg 5.1
constexpr CodecVersion kThreads{61, 0};   // ffmpeg 7: decoder and filters write to the log at the same time

// From "libavcodec     59. 37.100 / 59. 37.100"; zeros if it is not there.
CodecVersion parse_version(std::string_view text) {
  constexpr std::string_view kName = "libavcodec";
  const std::size_t at = text.find(kName);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + kName.size());
  const auto take_number = [&text] {
    while (text.starts_with(' ') || text.starts_with('.')) text.remove_prefix(1);
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
  };
  const int major = take_number();
  return {major, take_number()};
}

// Asked of each ffmpeg once.
CodecVersion version_of(const std::string& ffmpeg) {
  static std::mutex mutex;
  static std::map<std::string, CodecVersion> known;
  const std::scoped_lock lock(mutex);
  if (const auto found = known.find(ffmpeg); found != known.end()) return found->second;
  std::string text;
  try {
    Pipe output = make_pipe();
    PipedChild child({ffmpeg, "-nostdin", "-version"}, {{output.writing->descriptor(), 1}});
    std::array<char, 4096> part{};
    output.writing.reset();
    for (ssize_t got = 1; got > 0 && text.size() < 65'536;) {
      got = ::read(output.reading->descriptor(), part.data(), part.size());
      if (got > 0) text.append(part.data(), static_cast<std::size_t>(got));
      if (got < 0 && errno == EINTR) got = 1;
    }
    child.wait();
  } catch (const std::system_error&) {
    return {};  // whoever starts it next says why it does not start
  }
  return known[ffmpeg] = parse_version(text);
}

}  // namespace

FfmpegRun::FfmpegRun(const std::string& ffmpeg, const std::vector<std::string>& arguments,
                     std::shared_ptr<const OpenFile> video, Limits limits, const StopEvent& stop, VideoCoding coding)
    : stop_(&stop), log_(coding) {
  std::vector<std::string> command = {ffmpeg, "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const Pipe output = make_pipe();
  const Pipe messages = make_pipe();
  ::fcntl(output.writing->descriptor(), F_SETPIPE_SZ, kPipeBytes);
  std::vector<std::pair<int, int>> descriptors = {{output.writing->descriptor(), 1},
                                                  {messages.writing->descriptor(), 2}};
  if (video) descriptors.emplace_back(video->descriptor(), kVideo);
  child_ = std::make_unique<PipedChild>(command, descriptors, limits.sandbox ? program_filter(limits.devices) : "");
  output_ = output.reading;
  messages_ = messages.reading;
}

std::size_t FfmpegRun::read(std::uint8_t* to, std::size_t size) {
  // The log is always taken in: a child that waits for us while we wait for it would never end.
  while (!log_ended_) {
    const int ready = stop_->wait({messages_->descriptor(), output_->descriptor()});
    if (ready < 0) return 0;
    if (ready == 1) break;
    add_to_log();
  }
  return stop_->read(output_->descriptor(), to, size);
}

bool FfmpegRun::read_log() {
  if (log_ended_ || stop_->wait({messages_->descriptor()}) < 0) return false;
  return add_to_log();
}

bool FfmpegRun::read_log_of_output() {
  return !log_ended_ && stop_->wait({messages_->descriptor(), output_->descriptor()}) == 0 && add_to_log();
}

bool FfmpegRun::add_to_log() {
  std::array<std::uint8_t, 16'384> part;
  const std::size_t got = stop_->read(messages_->descriptor(), part.data(), part.size());
  if (got == 0) {
    log_ended_ = true;
    log_.add("\n");
  }
  log_.add({reinterpret_cast<const char*>(part.data()), got});
  return got > 0;
}

int FfmpegRun::wait() {
  while (read_log()) {
  }
  if (stop_->requested()) kill();
  return child_->wait();
}

std::string find_ffmpeg(const std::string& needed_by) {
  std::string ffmpeg = find_program("ffmpeg");
  if (ffmpeg.empty()) {
    throw Error(ErrorKind::kInput,
                needed_by + " needs the program ffmpeg, which is not installed (Debian: apt-get install ffmpeg)");
  }
  const CodecVersion version = version_of(ffmpeg);
  if (version != CodecVersion() && version < kOldest) {
    throw Error(ErrorKind::kInput, needed_by + " needs ffmpeg 4.2 or later; " + ffmpeg + " is older");
  }
  return ffmpeg;
}

FfmpegDialect dialect_of(const std::string& ffmpeg) {
  const CodecVersion version = version_of(ffmpeg);
  const bool unknown = version == CodecVersion();
  // showinfo writes a line in parts, between which another thread's line may come; metadata does not, but ffmpeg 4.2
  // does not show its lines.
  return {
      {unknown || version >= kFpsMode ? "-fps_mode" : "-vsync", "passthrough"},
      unknown || version >= kThreads ? "metadata=mode=add:key=x:value=1,metadata=mode=print" : "showinfo=checksum=0"};
}

}  // namespace capillaryx
