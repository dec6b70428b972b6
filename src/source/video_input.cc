// SPDX-License-Identifier: Apache-2.0
// Videos and cameras through the program ffmpeg. Frames come as PPM, or as PGM if the video is grey, so that the colour
// matrix is the video's own; its log says which frames they are and which of them are damaged.
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "capillaryx/error.h"
#include "image/image.h"
#include "source/ffmpeg_run.h"
#include "source/frame_stream.h"
#include "source/input.h"
#include "source/video_listing.h"

namespace capillaryx {
namespace {

// Formats that hold a video by themselves. Play lists, which make ffmpeg open other files, are not among them.
constexpr const char* kFormats =
    "avi,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpeg,mpegts,mpegvideo,mpegtsraw,h264,hevc,m4v,asf,flv,ogg,gif,apng,"
    "mjpeg,jpeg_pipe,dv,mxf,nut,ivf,yuv4mpegpipe,wtv,dicom,av1,obu,vc1,rm";

// What ffmpeg is to read, and how.
struct Origin {
  std::vector<std::string> arguments;  // before and with -i
  std::shared_ptr<const OpenFile> video;
  VideoCoding coding;
  bool grey = false;
};

class FfmpegInput : public SequentialInput {
 public:
  FfmpegInput(std::string source, std::shared_ptr<const InputInfo> input, const Options& options, const StopEvent& stop)
      : ffmpeg_(find_ffmpeg(source)),
        source_(std::move(source)),
        input_(std::move(input)),
        every_(options.every),
        max_pixels_(options.max_pixels),
        sandbox_(options.sandbox),
        stop_(&stop) {}

 protected:
  virtual std::optional<Origin> open(std::string& reason) = 0;
  /// What is amiss with the file as a whole, after its last frame; `log` has `log.pages()` of its frames.
  virtual std::string file_failure(const FfmpegLog& log) const = 0;
  virtual std::optional<double> time_of(std::int64_t /*page*/) const { return std::nullopt; }

  void start_again() {
    run_.reset();
    stream_.reset();
    held_.reset();
    outputs_ = 0;
    given_ = false;
    last_failed_ = false;
    all_read_ = false;
    ended_ = false;
  }

  std::string ffmpeg_;
  std::string source_;
  std::shared_ptr<const InputInfo> input_;
  std::int64_t every_;
  std::int64_t max_pixels_;
  bool sandbox_;
  const StopEvent* stop_;

 private:
  // A frame that ffmpeg gave, before the log says which one it is.
  struct Held {
    FrameStream::Pixels pixels;
    FfmpegLog::Output output;
    std::int64_t decoded = 0;  // how many were decoded before it
  };

  std::optional<Frame> advance(FrameInfo info, bool pass_over) override {
    if (ended_) return std::nullopt;
    try {
      std::string reason;
      if (!run_ && !start(reason)) return end(std::move(info), std::move(reason));
      for (;;) {
        if (!held_ && !all_read_) read_output(pass_over);
        if (stop_->requested()) return end(std::move(info), "");
        std::optional<FfmpegLog::Page> page = next_page();
        if (!page) return end(std::move(info), end_reason());
        const bool is_held = held_ && is_page_of_held(*page);
        if (!is_held && page->decoded) continue;  // `every` left it out
        const std::optional<Held> held = is_held ? std::exchange(held_, std::nullopt) : std::nullopt;
        if (!page->again) return place(std::move(info), std::move(*page), held, pass_over);
      }
    } catch (const ImageError& error) {
      std::string reason = error.what();
      if (run_ && !run_->log().unplaced().empty()) reason += "; ffmpeg: " + run_->log().unplaced();
      return end(std::move(info), std::move(reason));
    } catch (const std::system_error& error) {
      return end(std::move(info), std::string("ffmpeg cannot be started: ") + error.what() +
                                      (sandbox_ ? " (--no-sandbox starts it without its limits)" : ""));
    }
  }

  bool start(std::string& reason) {
    const std::optional<Origin> origin = open(reason);
    if (!origin) return false;
    // The same bits on every machine; the faster conversion is not, and saves 4 to 9 ms of a 1920x1080 frame. Colours
    // are taken from the nearest place, as from Y4M.
    const FfmpegDialect dialect = dialect_of(ffmpeg_);
    std::string pictures = every_ > 1 ? "select=not(mod(n\\," + std::to_string(every_) + "))," : "";
    pictures += dialect.log_frames + ",scale=flags=neighbor+accurate_rnd+full_chroma_int+bitexact,format=";
    pictures += origin->grey ? "gray16be" : "rgb24";
    std::vector<std::string> arguments = {"-debug_ts", "-copyts", "-max_error_rate", "1"};
    arguments.insert(arguments.end(), origin->arguments.begin(), origin->arguments.end());
    const std::vector<std::string>& as_stored = dialect.frames_as_stored;
    for (const std::string& argument : std::initializer_list<std::string>{
             "-map", "0:V:0", "-an", "-sn", "-dn", "-filter_threads", "1", "-vf", pictures, as_stored[0], as_stored[1],
             "-f", "image2pipe", "-c:v", origin->grey ? "pgm" : "ppm", "-threads", "1", "pipe:1"}) {
      arguments.push_back(argument);
    }
    run_ = std::make_unique<FfmpegRun>(ffmpeg_, arguments, origin->video, FfmpegRun::Limits{sandbox_, live()}, *stop_,
                                       origin->coding);
    stream_ = std::make_unique<FrameStream>([this](std::uint8_t* to, std::size_t size) { return run_->read(to, size); },
                                            max_pixels_);
    return true;
  }

  // Takes the next frame from ffmpeg, and what the log says up to it; at the end of the video all that it says.
  void read_output(bool pass_over) {
    auto pixels = stream_->next(pass_over);
    if (!pixels) {
      all_read_ = true;
      exit_code_ = run_->wait();
      return;
    }
    held_ = Held{std::move(*pixels), {}, outputs_++ * every_};
    std::optional<FfmpegLog::Output> output = run_->log().take_output();
    while (!output && run_->read_log_of_output()) output = run_->log().take_output();
    if (output) held_->output = *output;
  }

  std::optional<FfmpegLog::Page> next_page() {
    std::optional<FfmpegLog::Page> page = run_->log().take_page();
    // An ffmpeg that does not say which frame this is: by count.
    if (!page && held_) page = FfmpegLog::Page{held_->decoded, held_->decoded, {}, {}, "", false};
    return page;
  }

  // Of every N-th frame the times tell, as the count begins again when the video's size changes.
  bool is_page_of_held(const FfmpegLog::Page& page) const {
    if (every_ > 1 && page.decoded && page.pts && held_->output.pts) return *page.pts == *held_->output.pts;
    return page.decoded == held_->decoded;
  }

  Frame place(FrameInfo info, FfmpegLog::Page page, const std::optional<Held>& held, bool pass_over) {
    given_ = true;
    last_failed_ = !page.failure.empty();
    name_page(info, source_, page.number, input_);
    info.time_s = page.time_s ? page.time_s : time_of(page.number);
    if (live()) {
      info.captured = std::chrono::steady_clock::now();
      info.time_s.reset();
    }
    if (held && page.failure.empty() && held->output.size[0] > 0 && !held->pixels.view.empty()) {
      // ffmpeg scales all frames to the size of the first.
      const auto size = held->output.size;
      const std::array<int, 2> first = {held->pixels.view.width, held->pixels.view.height};
      if (size != first) {
        page.failure = fmt::format(
            "the video's size changes: this frame has {}x{} px, the first has {}x{}; cut the video in two there",
            size[0], size[1], first[0], first[1]);
      }
    }
    if (!page.failure.empty()) return Frame::unreadable(std::move(info), std::move(page.failure));
    if (pass_over || !held) return {};
    return Frame::from_pixels(std::move(info), held->pixels.view, held->pixels.owner);
  }

  // Why the video ends before its time; empty if it does not.
  std::string end_reason() {
    std::string reason;
    const auto append = [&reason](const std::string& text) {
      if (!text.empty()) reason += (reason.empty() ? "" : "; ") + text;
    };
    const FfmpegLog& log = run_->log();
    if (log.pages() == 0 && !log.all_messages().empty()) {
      append("ffmpeg: " + log.all_messages());
    } else {
      if (!log.unplaced().empty()) append("ffmpeg: " + log.unplaced());
      if (!last_failed_) append(file_failure(log));  // a frame that is cut says it already
    }
    if (reason.empty() && exit_code_ != 0) reason = "ffmpeg ended with code " + std::to_string(exit_code_);
    if (reason.empty() && live()) reason = "the camera stopped";
    if (reason.empty() && !given_) reason = "the video holds no frame";
    return reason;
  }

  // The end of the video; a last frame that is unreadable if there is a reason.
  std::optional<Frame> end(FrameInfo info, std::string reason) {
    ended_ = true;
    const std::int64_t pages = run_ ? run_->log().pages() : 0;
    run_.reset();
    if (stop_->requested() || reason.empty()) return std::nullopt;
    name_page(info, source_, pages, input_);
    return Frame::unreadable(std::move(info), std::move(reason));
  }

  std::unique_ptr<FfmpegRun> run_;
  std::unique_ptr<FrameStream> stream_;
  std::optional<Held> held_;
  std::int64_t outputs_ = 0;
  int exit_code_ = 0;
  bool given_ = false;
  bool last_failed_ = false;
  bool all_read_ = false;
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
    Origin origin{{"-protocol_whitelist", "file,pipe", "-format_whitelist", kFormats, "-err_detect", "explode",
                   "-threads", "1", "-noautorotate", "-i", FfmpegRun::kVideoName},
                  video,
                  {},
                  false};
    if (!listed_ && !list(origin, reason)) return std::nullopt;
    origin.coding = listing_.coding();
    origin.grey = grey_;
    return origin;
  }

  std::string file_failure(const FfmpegLog& log) const override {
    if (!file_failure_.empty()) return file_failure_;
    // Each coded frame of such a video is a picture.
    if (listing_.coding().all_key && log.pages() < listing_.coded_frames()) {
      return fmt::format("ffmpeg gave {} of the {} frames that the file holds", log.pages(), listing_.coded_frames());
    }
    return "";
  }

  std::optional<double> time_of(std::int64_t page) const override { return listing_.time_s(page); }

 private:
  // Lists the coded frames without decoding them: how many there are, when they are shown, and whether the file is
  // whole. ffmpeg reports some of that with exit code 0, and some containers know more than it reports.
  bool list(const Origin& origin, std::string& reason) {
    struct stat status {};
    if (::fstat(origin.video->descriptor(), &status) == 0 && status.st_size == 0) {
      reason = "the file is empty";
      return false;
    }
    std::vector<std::string> arguments = {"-copyts"};
    arguments.insert(arguments.end(), origin.arguments.begin(), origin.arguments.end());
    for (const char* const argument : {"-map", "0:V:0", "-c", "copy", "-f", "framecrc", "pipe:1"}) {
      arguments.emplace_back(argument);
    }
    listing_ = {};
    FfmpegRun run(ffmpeg_, arguments, origin.video, {sandbox_, false}, *stop_);
    std::array<std::uint8_t, 65'536> part;
    while (const std::size_t got = run.read(part.data(), part.size())) {
      listing_.add({reinterpret_cast<const char*>(part.data()), got});
    }
    if (stop_->requested()) return false;
    run.wait();
    listing_.finish();
    const FfmpegLog& log = run.log();
    if (listing_.coded_frames() == 0 && log.opened() && log.stream_line().empty()) {
      reason = "the file holds no video stream";
      return false;
    }
    grey_ = is_full_range_grey(log.stream_line());
    const ContainerCheck check = check_container(*origin.video, listing_.coded_frames());
    file_failure_ = log.file_messages().empty() ? check.missing : "ffmpeg: " + log.file_messages();

    InputInfo input = *input_;
    input.sha256 = sha256_of(*origin.video, *stop_);
    if (listing_.coded_frames() > 0) input.pages = listing_.coded_frames();
    input.fps = listing_.fps();
    input.width = listing_.width();
    input.height = listing_.height();
    input.notes = video_notes(listing_, log);
    if (grey_ && log.stream_line().find(", gray16") != std::string::npos) {
      // No frame is decoded yet: what its values use of the range is not known.
      input.value_range = {0, 65'535};
      input.notes.emplace_back("16-bit grey: values are taken to fill 0 to 65535");
    }
    for (const std::string& note : {file_failure_, check.note}) {
      if (!note.empty()) input.notes.push_back(note);
    }
    input_ = std::make_shared<const InputInfo>(std::move(input));
    listed_ = !stop_->requested();
    return listed_;
  }

  std::string path_;
  VideoListing listing_;
  std::string file_failure_;
  bool grey_ = false;
  bool listed_ = false;
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
    return Origin{{"-f", "v4l2", "-threads", "1", "-i", device_}, nullptr, {}, false};
  }

  std::string file_failure(const FfmpegLog& log) const override {
    return log.file_messages().empty() ? "" : "ffmpeg: " + log.file_messages();
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
