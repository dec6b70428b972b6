// SPDX-License-Identifier: Apache-2.0
// Videos and cameras through the program ffmpeg: the most hostile decoders of all stay in a process of their own that
// has nothing but pipes and the one file. Frames come as PPM, so that the colour matrix is the video's own; their times
// come on a pipe of their own, written before the frame is.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <string_view>
#include <system_error>
#include <utility>

#include "capillaryx/error.h"
#include "image/image.h"
#include "os/piped_child.h"
#include "os/sandbox.h"
#include "source/frame_stream.h"
#include "source/input.h"
#include "source/source_name.h"

namespace capillaryx {
namespace {

constexpr int kVideoInChild = 3;
constexpr int kTimesInChild = 4;
constexpr int kPipeBytes = 1 << 20;
constexpr std::size_t kMaxReasonBytes = 400;

// Formats that hold a video by themselves. Play lists, which make ffmpeg open other files, are not among them.
constexpr const char* kFormats =
    "avi,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpeg,mpegts,mpegvideo,mpegtsraw,h264,hevc,m4v,asf,flv,ogg,gif,apng,"
    "mjpeg,"
    "dv,mxf,nut,ivf,yuv4mpegpipe,wtv,dicom,av1,obu,vc1,rm";

struct Pipe {
  std::shared_ptr<OpenFile> reading;
  std::shared_ptr<OpenFile> writing;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  return {std::make_shared<OpenFile>(ends[0]), std::make_shared<OpenFile>(ends[1])};
}

// What ffmpeg wrote, as a line that is the same on every run: without addresses and our name of the file.
std::string clean_message(std::string_view text) {
  std::string out;
  while (!text.empty() && out.size() < kMaxReasonBytes) {
    if (text.starts_with(" @ 0x")) {
      text.remove_prefix(5);
      while (!text.empty() && std::string_view("0123456789abcdef").find(text[0]) != std::string_view::npos) {
        text.remove_prefix(1);
      }
    } else if (constexpr std::string_view kName = "file:/dev/fd/3"; text.starts_with(kName)) {
      text.remove_prefix(kName.size());
      out += "the video";
    } else if (text[0] == '\n') {
      text.remove_prefix(1);
      if (!text.empty()) out += "; ";
    } else {
      out += static_cast<unsigned char>(text[0]) < 0x20 ? ' ' : text[0];
      text.remove_prefix(1);
    }
  }
  return source_name(out);
}

// Where ffmpeg reads from.
struct Origin {
  std::vector<std::string> arguments;  // before and with -i
  std::shared_ptr<const OpenFile> video;
};

class FfmpegInput : public SequentialInput {
 public:
  FfmpegInput(std::string source, std::shared_ptr<const InputInfo> input, const Options& options, const StopEvent& stop)
      : ffmpeg_(find_program("ffmpeg")),
        source_(std::move(source)),
        input_(std::move(input)),
        every_(options.every),
        max_pixels_(options.max_pixels),
        sandbox_(options.sandbox),
        stop_(&stop) {
    if (ffmpeg_.empty()) {
      throw Error(ErrorKind::kInput,
                  source_ + " needs the program ffmpeg, which is not installed (Debian: apt-get install ffmpeg)");
    }
  }

 protected:
  virtual std::optional<Origin> open(std::string& reason) = 0;

  void start_again() {
    child_.reset();
    stream_.reset();
    number_ = 0;
    ended_ = false;
  }

 private:
  std::optional<Frame> advance(FrameInfo info, bool pass_over) override {
    if (ended_) return std::nullopt;
    std::string reason;
    try {
      if (!child_ && !start(reason)) return end(std::move(info), std::move(reason));
      auto pixels = stream_->next(pass_over);
      if (!pixels) return end(std::move(info), "");
      name_page(info, source_, number_, input_);
      info.time_s = next_time();
      if (live()) {
        info.captured = std::chrono::steady_clock::now();
        info.time_s.reset();
      }
      number_ += every_;
      return pass_over ? Frame() : Frame::from_pixels(std::move(info), pixels->view, std::move(pixels->owner));
    } catch (const ImageError& error) {
      return end(std::move(info), error.what());
    } catch (const std::system_error& error) {
      return end(std::move(info), std::string("ffmpeg cannot be started: ") + error.what() +
                                      (sandbox_ ? " (--no-sandbox starts it without its limits)" : ""));
    }
  }

  bool start(std::string& reason) {
    const std::optional<Origin> origin = open(reason);
    if (!origin) return false;
    std::vector<std::string> command = {ffmpeg_, "-nostdin", "-hide_banner", "-loglevel", "error", "-xerror"};
    command.insert(command.end(), origin->arguments.begin(), origin->arguments.end());
    const std::string choose = every_ > 1 ? "select=not(mod(n\\," + std::to_string(every_) + "))," : "";
    const std::string times =
        "settb=1/1000000,metadata=mode=add:key=x:value=1,metadata=mode=print:direct=1:file=pipe\\\\:" +
        std::to_string(kTimesInChild);
    // The same bits on every machine; the faster conversion is not, and saves 4 to 9 ms of a 1920x1080 frame.
    std::string pictures = choose;
    pictures += times;
    pictures += ",scale=flags=bicubic+accurate_rnd+bitexact,format=rgb24";
    for (const std::string& argument : std::initializer_list<std::string>{
             "-map", "0:V:0", "-an", "-sn", "-dn", "-filter_threads", "1", "-vf", pictures, "-fps_mode", "passthrough",
             "-f", "image2pipe", "-c:v", "ppm", "-threads", "1", "pipe:1"}) {
      command.push_back(argument);
    }

    const Pipe frames = make_pipe();
    const Pipe messages = make_pipe();
    const Pipe frame_times = make_pipe();
    ::fcntl(frames.writing->descriptor(), F_SETPIPE_SZ, kPipeBytes);
    // Messages beyond what the pipe holds are lost, instead of a child that waits for us while we wait for it.
    ::fcntl(messages.writing->descriptor(), F_SETFL, O_NONBLOCK);
    std::vector<std::pair<int, int>> descriptors = {{frames.writing->descriptor(), 1},
                                                    {messages.writing->descriptor(), 2},
                                                    {frame_times.writing->descriptor(), kTimesInChild}};
    if (origin->video) descriptors.emplace_back(origin->video->descriptor(), kVideoInChild);
    child_ = std::make_unique<PipedChild>(command, descriptors, sandbox_ ? program_filter(live()) : "");
    frames_ = frames.reading;
    messages_ = messages.reading;
    times_ = frame_times.reading;
    times_text_.clear();
    stream_ = std::make_unique<FrameStream>(
        [this](std::uint8_t* to, std::size_t size) { return stop_->read(frames_->descriptor(), to, size); },
        max_pixels_);
    return true;
  }

  // The end of the video, its end before its time with what ffmpeg says of it, or an end that was asked for.
  std::optional<Frame> end(FrameInfo info, std::string reason) {
    ended_ = true;
    if (stop_->requested()) {
      child_.reset();
      return std::nullopt;
    }
    if (child_) {
      if (!reason.empty()) child_->kill();
      const int exit_code = child_->wait();
      std::array<char, 2048> text{};
      const ssize_t got = exit_code == 0 ? 0 : ::read(messages_->descriptor(), text.data(), text.size());
      const std::string said = clean_message({text.data(), got > 0 ? static_cast<std::size_t>(got) : 0U});
      if (!said.empty()) reason = "ffmpeg: " + said;
      if (reason.empty() && exit_code != 0) reason = "ffmpeg ended with code " + std::to_string(exit_code);
      child_.reset();
    }
    if (reason.empty() && number_ == 0) reason = "the video holds no frame";
    if (reason.empty() && live()) reason = "the camera stopped";
    if (reason.empty()) return std::nullopt;
    name_page(info, source_, number_, input_);
    return Frame::unreadable(std::move(info), std::move(reason));
  }

  // Takes the lines of one frame, "frame:12 pts:480000 pts_time:0.48" in microseconds, then "x=1".
  std::optional<double> next_time() {
    constexpr std::string_view kEnd = "x=1\n";
    std::size_t end = 0;
    while ((end = times_text_.find(kEnd)) == std::string::npos) {
      std::array<std::uint8_t, 4096> part;
      const std::size_t got = stop_->read(times_->descriptor(), part.data(), part.size());
      if (got == 0) return std::nullopt;
      times_text_.append(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got));
    }
    const std::string line = times_text_.substr(0, end);
    times_text_.erase(0, end + kEnd.size());
    constexpr std::string_view kPts = " pts:";
    const std::size_t at = line.find(kPts);
    std::int64_t time_us = 0;
    if (at == std::string::npos) return std::nullopt;
    const auto [last, error] = std::from_chars(line.data() + at + kPts.size(), line.data() + line.size(), time_us);
    if (error != std::errc()) return std::nullopt;
    return static_cast<double>(time_us) / 1e6;
  }

  std::string ffmpeg_;
  std::string source_;
  std::shared_ptr<const InputInfo> input_;
  std::int64_t every_;
  std::int64_t max_pixels_;
  bool sandbox_;
  const StopEvent* stop_;
  std::shared_ptr<OpenFile> frames_;
  std::shared_ptr<OpenFile> messages_;
  std::shared_ptr<OpenFile> times_;
  std::string times_text_;
  std::unique_ptr<PipedChild> child_;
  std::unique_ptr<FrameStream> stream_;
  std::int64_t number_ = 0;  // of the next frame
  bool ended_ = false;
};

class VideoInput : public FfmpegInput {
 public:
  VideoInput(const ListedFile& file, const Options& options, const StopEvent& stop)
      : FfmpegInput(file.source, unprobed_input(file.file, FileKind::kVideo), options, stop), path_(file.path) {}

  void rewind() override { start_again(); }

 protected:
  std::optional<Origin> open(std::string& reason) override {
    auto video = open_regular_file(path_, reason);
    if (!video) return std::nullopt;
    return Origin{{"-protocol_whitelist", "file,pipe", "-format_whitelist", kFormats, "-err_detect", "explode",
                   "-threads", "1", "-noautorotate", "-i", "file:/dev/fd/" + std::to_string(kVideoInChild)},
                  std::move(video)};
  }

 private:
  std::string path_;
};

class CameraInput : public FfmpegInput {
 public:
  CameraInput(int number, const Options& options, const StopEvent& stop)
      : FfmpegInput(name_of(number), unprobed_input(name_of(number), FileKind::kLive), options, stop),
        device_("/dev/video" + std::to_string(number)) {
    struct stat status {};
    if (::stat(device_.c_str(), &status) != 0 || !S_ISCHR(status.st_mode)) {
      throw Error(ErrorKind::kInput, "there is no camera " + std::to_string(number) + ": " + device_ + " is missing");
    }
  }

  bool repeatable() const override { return false; }
  bool live() const override { return true; }

 protected:
  std::optional<Origin> open(std::string&) override {
    return Origin{{"-f", "v4l2", "-threads", "1", "-i", device_}, nullptr};
  }

 private:
  static std::string name_of(int number) { return "camera:" + std::to_string(number); }

  std::string device_;
};

}  // namespace

std::unique_ptr<Input> make_video_input(const ListedFile& file, const Options& options, const StopEvent& stop) {
  return std::make_unique<VideoInput>(file, options, stop);
}

std::unique_ptr<Input> make_camera_input(int number, const Options& options, const StopEvent& stop) {
  return std::make_unique<CameraInput>(number, options, stop);
}

}  // namespace capillaryx
