// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <iterator>
#include <limits>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "capillaryx/error.h"
#include "capillaryx/frame_source.h"
#include "image/image.h"
#include "source/input.h"
#include "source/named_input.h"
#include "source/source_name.h"

namespace capillaryx {
namespace {

// Paced playback holds decoded frames of at most this: 170 of 1920x1080.
constexpr std::int64_t kLoadedBytes = 1LL << 30;

// The inputs one after another, as often as asked for, at the pace asked for.
class JoinedSource : public FrameSource {
 public:
  JoinedSource(const Options& options, std::unique_ptr<StopEvent> stop) : options_(options), stop_(std::move(stop)) {}

  void add(std::unique_ptr<Input> input) { inputs_.push_back(std::move(input)); }
  void set_skipped(std::vector<SkippedInput> skipped) { skipped_ = std::move(skipped); }

  void use_prober(std::shared_ptr<Prober> prober) override {
    for (const auto& input : inputs_) input->use_prober(prober);
  }

  std::optional<Frame> next() override {
    skip_now(std::exchange(to_skip_, 0));
    if (!more()) return std::nullopt;
    FrameInfo info;
    info.index = index_;
    if (options_.pace_fps > 0) wait_until_due(info);
    while (!stop_->requested() && current_ < inputs_.size()) {
      if (auto frame = inputs_[current_]->next(info)) {
        ++index_;
        return frame;
      }
      if (!stop_->requested()) to_next_input();
    }
    return std::nullopt;
  }

  // Only next() may have files probed.
  void skip(std::int64_t count) override { to_skip_ += count; }

  void stop() override { stop_->request(); }

  std::optional<std::int64_t> frame_count() const override {
    std::int64_t sum = 0;
    for (const auto& input : inputs_) {
      const auto count = input->frame_count();
      if (!count) return std::nullopt;
      sum += *count;
    }
    const std::int64_t all = sum > std::numeric_limits<std::int64_t>::max() / options_.repeat
                                 ? std::numeric_limits<std::int64_t>::max()
                                 : sum * options_.repeat;
    return options_.frames > 0 ? std::min(options_.frames, all) : all;
  }

  std::vector<SkippedInput> skipped() const override { return skipped_; }

 private:
  void skip_now(std::int64_t count) {
    if (options_.frames > 0) count = std::min(count, options_.frames - index_);
    for (std::int64_t left = count; left > 0 && current_ < inputs_.size() && !stop_->requested();) {
      const std::int64_t skipped = inputs_[current_]->skip(left);
      index_ += skipped;
      left -= skipped;
      if (left > 0) to_next_input();
    }
  }

  bool more() const { return current_ < inputs_.size() && (options_.frames == 0 || index_ < options_.frames); }

  void to_next_input() {
    if (++current_ < inputs_.size() || index_ == index_of_round_) return;  // a round without a frame is the last
    if (++round_ >= options_.repeat) return;
    index_of_round_ = index_;
    current_ = 0;
    for (const auto& input : inputs_) input->rewind();
  }

  // Frame k is due k periods after the first; what comes late comes at once, with the time that it was due.
  void wait_until_due(FrameInfo& info) {
    if (!first_due_) {
      for (const auto& input : inputs_) input->prepare();
      first_due_ = std::chrono::steady_clock::now();
      first_index_ = index_;
    }
    if (inputs_[current_]->live()) return;
    const std::chrono::duration<double> after(static_cast<double>(index_ - first_index_) / options_.pace_fps);
    const auto due = *first_due_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(after);
    stop_->sleep_until(due);
    info.captured = due;
  }

  Options options_;
  std::unique_ptr<StopEvent> stop_;
  std::vector<std::unique_ptr<Input>> inputs_;
  std::vector<SkippedInput> skipped_;
  std::size_t current_ = 0;
  std::int64_t round_ = 0;
  std::int64_t index_ = 0;  // of the next frame
  std::int64_t to_skip_ = 0;
  std::int64_t index_of_round_ = 0;  // of the first frame of this time through
  std::optional<std::chrono::steady_clock::time_point> first_due_;
  std::int64_t first_index_ = 0;
};

enum class InputKind { kFiles, kStdin, kCamera, kPhantom };

// What one argument turned out to be.
struct FoundInput {
  InputKind kind = InputKind::kFiles;
  std::string path;
  std::vector<ListedFile> files;  // of a folder, or the one file
  std::vector<SkippedInput> skipped;
  bool folder = false;
  bool named = false;       // by a study
  std::int64_t number = 0;  // of a camera, or of phantoms
};

// The number of "name:number"; nothing where `argument` does not begin so.
std::optional<std::int64_t> number_after(std::string_view argument, std::string_view prefix, std::int64_t least,
                                         std::int64_t most) {
  if (!argument.starts_with(prefix)) return std::nullopt;
  const std::string_view digits = argument.substr(prefix.size());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number < least || number > most) {
    throw Error(ErrorKind::kUsage, std::string(argument) + ": a whole number from " + std::to_string(least) + " to " +
                                       std::to_string(most) + " belongs after " + std::string(prefix));
  }
  return number;
}

bool is_video_content(std::string_view first) {
  using namespace std::string_view_literals;
  const auto at = [&](std::size_t offset, std::string_view magic) {
    return first.size() >= offset + magic.size() && first.substr(offset, magic.size()) == magic;
  };
  return (at(0, "RIFF"sv) && at(8, "AVI "sv)) || at(4, "ftyp"sv) || at(4, "moov"sv) || at(0, "\x1a\x45\xdf\xa3"sv) ||
         at(0, "\0\0\x01\xba"sv) || at(0, "\0\0\x01\xb3"sv) || at(0, "\x30\x26\xb2\x75"sv) || at(0, "FLV"sv) ||
         at(0, "OggS"sv) || at(0, "GIF8"sv) || at(0, "YUV4MPEG2"sv) || (at(0, "\x47"sv) && at(188, "\x47"sv));
}

FoundInput find_file(const std::string& path) {
  FoundInput found;
  found.path = path;
  found.files = {{path, source_name(path), display_name(path.substr(path.rfind('/') + 1))}};
  std::string reason;
  std::array<char, 192> first{};
  std::size_t first_bytes = 0;
  const auto file = open_regular_file(path, reason);
  if (file) {
    const ssize_t got = ::pread(file->descriptor(), first.data(), first.size(), 0);
    first_bytes = got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  const std::string_view content(first.data(), first_bytes);
  if (has_video_suffix(path) || (!has_image_suffix(path) && is_video_content(content))) {
    found.files.front().video = true;
  } else if (!has_image_suffix(path) && file &&  // one that cannot be opened comes as an unreadable frame
             !is_image_content({reinterpret_cast<const std::uint8_t*>(first.data()), first_bytes})) {
    throw Error(ErrorKind::kInput,
                source_name(path) + " is neither a picture nor a video, by its name and by its content");
  }
  return found;
}

FoundInput find_folder(const std::string& path) {
  FoundInput found;
  found.folder = true;
  found.path = path;
  while (found.path.size() > 1 && found.path.back() == '/') found.path.pop_back();
  found.files = list_folder(found.path, "", found.skipped);
  if (found.files.empty()) {
    std::string skipped;
    if (!found.skipped.empty()) {
      skipped = "; " + std::to_string(found.skipped.size()) + " other files were skipped, as " +
                found.skipped[0].source + ": " + found.skipped[0].reason;
    }
    throw Error(ErrorKind::kInput, "the folder " + source_name(path) + " holds no picture and no video" + skipped);
  }
  return found;
}

FoundInput find_input(const std::string& argument) {
  FoundInput found;
  if (argument == "-") {
    found.kind = InputKind::kStdin;
    return found;
  }
  if (const auto number = number_after(argument, "camera:", 0, 1023)) {
    found.kind = InputKind::kCamera;
    found.number = *number;
    return found;
  }
  if (const auto number = number_after(argument, "phantom:", 1, 1'000'000'000)) {
    found.kind = InputKind::kPhantom;
    found.number = *number;
    return found;
  }
  struct stat status {};
  if (::stat(argument.c_str(), &status) != 0) {
    throw Error(ErrorKind::kInput, source_name(argument) + ": " + std::generic_category().message(errno));
  }
  if (S_ISDIR(status.st_mode)) return find_folder(argument);
  if (S_ISREG(status.st_mode)) return find_file(argument);
  throw Error(ErrorKind::kInput,
              source_name(argument) + " is a pipe, socket or device; give frames on standard input, as the input -");
}

// How many of the last parts of their paths distinguish the given folders; 0 for one folder. The files of two
// folders then never have names that could be of one: A/visit1/f.png and B/visit1/g.png are two subjects'.
std::size_t parts_that_differ(const std::vector<FoundInput>& inputs) {
  std::vector<std::string_view> folders;
  std::size_t most_parts = 1;
  for (const FoundInput& input : inputs) {
    if (!input.folder) continue;
    folders.push_back(input.path);
    most_parts = std::max<std::size_t>(most_parts, std::count(input.path.begin(), input.path.end(), '/') + 1);
  }
  if (folders.size() < 2) return 0;
  for (std::size_t parts = 1; parts < most_parts; ++parts) {
    std::set<std::string_view> names;
    for (const std::string_view folder : folders) names.insert(last_parts(folder, parts));
    if (names.size() == folders.size()) return parts;
  }
  return most_parts;
}

// FrameInfo::file: relative to the folder that was given, or the file as given; of several folders the least of their
// own names that distinguishes them stands before it. If two files would still share a name, all of it does.
void make_files_distinct(std::vector<FoundInput>& inputs, std::size_t parts) {
  const auto prefix_of = [](const FoundInput& input, std::size_t some_parts) {
    const std::string name = source_name(last_parts(input.path, some_parts));
    return name == "/" ? name : name + "/";
  };
  std::set<std::string> seen;
  bool distinct = true;
  for (const FoundInput& input : inputs) {
    const std::string prefix = input.folder && parts > 0 ? prefix_of(input, parts) : "";
    for (const ListedFile& file : input.files) distinct = seen.insert(prefix + file.file).second && distinct;
  }
  if (distinct && parts == 0) return;
  for (FoundInput& input : inputs) {
    if (!input.folder) continue;
    const std::string prefix =
        distinct ? prefix_of(input, parts) : source_name(input.path == "/" ? "" : input.path) + "/";
    for (ListedFile& file : input.files) file.file.insert(0, prefix);
    for (SkippedInput& skipped : input.skipped) skipped.source.insert(0, prefix);
  }
}

// FrameInfo::source: a file's own name, or its name relative to the folder that was given, after as few parts of the
// path before it as distinguish the files of all inputs, and `least_parts` at least.
void make_sources_distinct(std::vector<FoundInput>& inputs, std::size_t least_parts) {
  std::size_t most_parts = 0;
  for (const FoundInput& input : inputs) {
    most_parts = std::max<std::size_t>(most_parts, std::count(input.path.begin(), input.path.end(), '/') + 1);
  }
  const auto prefix_of = [](const FoundInput& input, std::size_t parts) {
    if (input.named) return std::string();
    std::string_view folder = input.path;
    if (!input.folder) folder = folder.substr(0, folder.rfind('/') == folder.npos ? 0 : folder.rfind('/'));
    const std::string prefix = display_name(last_parts(folder, parts));
    return prefix.empty() || prefix == "/" ? prefix : prefix + "/";
  };
  std::size_t best_parts = least_parts;
  std::size_t best_distinct = 0;
  std::size_t files = 0;
  for (const FoundInput& input : inputs) files += input.files.size();
  for (std::size_t parts = least_parts; parts <= most_parts && best_distinct < files; ++parts) {
    std::set<std::string> names;
    for (const FoundInput& input : inputs) {
      const std::string prefix = prefix_of(input, parts);
      for (const ListedFile& file : input.files) names.insert(prefix + file.source);
    }
    if (names.size() > best_distinct) {
      best_distinct = names.size();
      best_parts = parts;
    }
  }
  if (best_parts == 0) return;
  for (FoundInput& input : inputs) {
    const std::string prefix = prefix_of(input, best_parts);
    for (ListedFile& file : input.files) file.source.insert(0, prefix);
  }
}

std::unique_ptr<Input> open_video(const ListedFile& file, bool in_folder, const Options& options,
                                  const StopEvent& stop) {
  std::string reason;
  std::array<char, 9> first{};
  const auto open = open_regular_file(file.path, reason);
  if (open && ::pread(open->descriptor(), first.data(), first.size(), 0) == std::ssize(first) &&
      std::string_view(first.data(), first.size()) == "YUV4MPEG2") {
    return make_y4m_input(file, options.every, options.max_pixels, stop);
  }
  try {
    return make_video_input(file, options, stop);
  } catch (const Error& error) {
    // No ffmpeg: a video that was named ends the run, one of many files in a folder does not.
    if (!in_folder) throw;
    return make_unreadable_input(file, error.what());
  }
}

// The inputs of one argument: a folder's pictures and videos in their order.
std::vector<std::unique_ptr<Input>> open_input(FoundInput& found, const Options& options, const StopEvent& stop) {
  std::vector<std::unique_ptr<Input>> inputs;
  std::vector<ListedFile> pictures;
  switch (found.kind) {
    case InputKind::kFiles:
      for (ListedFile& file : found.files) {
        if (!file.video) {
          pictures.push_back(std::move(file));
          continue;
        }
        if (!pictures.empty()) inputs.push_back(make_files_input(std::exchange(pictures, {}), options.every, stop));
        inputs.push_back(open_video(file, found.folder, options, stop));
      }
      if (!pictures.empty()) inputs.push_back(make_files_input(std::move(pictures), options.every, stop));
      break;
    case InputKind::kStdin:
      inputs.push_back(make_stdin_input(options.max_pixels, stop));
      break;
    case InputKind::kCamera:
      inputs.push_back(make_camera_input(static_cast<int>(found.number), options, stop));
      break;
    case InputKind::kPhantom:
      inputs.push_back(make_phantom_input(found.number));
      break;
  }
  return inputs;
}

FoundInput find_named_input(const NamedInput& input) {
  FoundInput found = find_input(input.argument);
  if (input.name.empty()) return found;
  if (found.folder || found.files.empty()) {
    throw Error(ErrorKind::kInput, input.name + " is no picture or video: a study names files");
  }
  found.named = true;
  found.files.front().file = input.name;
  found.files.front().source = display_name(input.name);
  return found;
}

}  // namespace

std::unique_ptr<FrameSource> open_source(const std::vector<std::string>& inputs, const Options& options) {
  std::vector<NamedInput> named;
  for (const std::string& input : inputs) named.push_back({input});
  return open_named_source(named, options);
}

std::unique_ptr<FrameSource> open_named_source(const std::vector<NamedInput>& inputs, const Options& options) {
  check_options(options);
  if (inputs.empty()) throw Error(ErrorKind::kUsage, "no input is given");
  const auto is_stdin = [](const NamedInput& input) { return input.argument == "-"; };
  if (std::count_if(inputs.begin(), inputs.end(), is_stdin) > 1) {
    throw Error(ErrorKind::kUsage, "standard input (-) can be read once only");
  }
  std::vector<FoundInput> found;
  found.reserve(inputs.size());
  for (const NamedInput& input : inputs) found.push_back(find_named_input(input));
  const std::size_t parts = parts_that_differ(found);
  make_files_distinct(found, parts);
  make_sources_distinct(found, parts);

  auto stop = std::make_unique<StopEvent>();
  const StopEvent& stop_event = *stop;
  auto source = std::make_unique<JoinedSource>(options, std::move(stop));
  std::vector<SkippedInput> skipped;
  std::vector<std::unique_ptr<Input>> opened;
  for (FoundInput& one : found) {
    skipped.insert(skipped.end(), one.skipped.begin(), one.skipped.end());
    for (auto& input : open_input(one, options, stop_event)) opened.push_back(std::move(input));
  }
  for (auto& input : opened) {
    if (options.repeat > 1 && !input->repeatable()) {
      throw Error(ErrorKind::kUsage, "--repeat cannot go through standard input or a camera again");
    }
    if (options.pace_fps > 0 && input->repeatable()) {
      input =
          make_loaded_input(std::move(input), options.frames, kLoadedBytes / static_cast<std::int64_t>(opened.size()),
                            options.max_pixels, stop_event);
    }
    source->add(std::move(input));
  }
  source->set_skipped(std::move(skipped));
  return source;
}

}  // namespace capillaryx
