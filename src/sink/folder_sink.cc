// SPDX-License-Identifier: Apache-2.0
#include "sink/folder_sink.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "capillaryx/error.h"
#include "image/image.h"
#include "sink/clip_line.h"
#include "sink/clip_log.h"
#include "sink/csv_file.h"
#include "sink/input_line.h"
#include "sink/output_folder.h"
#include "sink/report_data.h"
#include "sink/results_index.h"
#include "sink/results_reader.h"
#include "sink/run_line.h"
#include "sink/tally.h"

namespace capillaryx {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kJournal = "results.jsonl";
constexpr const char* kOverlays = "overlays";
constexpr const char* kStages = "stages";
constexpr std::array kPictureFolders{kOverlays, kPlainPictures, kStages};
constexpr std::array kDerived{"results.csv", "clips.csv", "capillaries.csv", "coco.json", "report.html", kResultsIndex};
// What the pipeline adds (src/study): removed and protected with the rest.
constexpr std::array kOfStudy{"measurements.csv", "groups.csv", "study.xlsx", "study.json",
                              "study.csv",        "README.txt", "SHA256SUMS"};

std::string dump(const ordered_json& line) { return line.dump(-1, ' ', false, ordered_json::error_handler_t::replace); }

/// Removes pictures from frame `first` on, and every temporary one.
void remove_pictures(const OutputFolder& pictures, std::int64_t first) {
  for (const std::string& name : pictures.names()) {
    const bool temporary = is_temporary(name) && picture_index(std::string_view(name).substr(1)) >= 0;
    if (!temporary && picture_index(name) < first) continue;
    if (pictures.has_folder(name)) {
      const OutputFolder stages = pictures.subfolder(name, false);
      for (const std::string& stage : stages.names()) {
        if (stage.ends_with(".png") || is_temporary(stage)) stages.remove(stage);
      }
      pictures.remove_folder(name);
    } else {
      pictures.remove(name);
    }
  }
}

/// Removes what a run wrote beside results.jsonl, its pictures from frame `first` on. What is not ours stays.
void remove_results(const OutputFolder& folder, std::int64_t first) {
  const auto remove = [&](const char* name) {
    folder.remove(name);
    folder.remove(temporary_name(name));
  };
  remove_report(folder);
  std::for_each(kDerived.begin(), kDerived.end(), remove);
  std::for_each(kOfStudy.begin(), kOfStudy.end(), remove);
  for (const char* name : kPictureFolders) {
    if (!folder.has(name)) continue;
    remove_pictures(folder.subfolder(name, false), first);
    folder.remove_folder(name);
  }
}

/// Whether a journal is ours to replace: it starts as a run line does, as far as it goes.
bool starts_as_run_line(int descriptor) {
  constexpr std::string_view kStart = R"({"type":"run")";
  char bytes[kStart.size()];
  const ssize_t count = ::pread(descriptor, bytes, sizeof(bytes), 0);
  return count >= 0 && kStart.starts_with(std::string_view(bytes, static_cast<std::size_t>(count)));
}

/// What is known of a file as its frames use it: with the scale that was given for all of them, if one was, and without
/// what cannot be.
InputInfo input_as_used(InputInfo input, const Options& options) {
  if (options.scale_um_per_px) {
    input.scale_um_per_px = options.scale_um_per_px;
    input.scale_from = kScaleFromOption;
  }
  if (!find_flaw(input).empty()) {
    InputInfo rest;
    rest.file = input.file;
    rest.sha256 = input.sha256;
    rest.kind = input.kind;
    rest.notes = {"what the file says of itself cannot be: " + find_flaw(input)};
    return rest;
  }
  return input;
}

/// Makes a result that the journal cannot keep into a failed one, with the reason.
void mend(FrameResult& result) {
  if (result.status != Status::kOk && result.error.empty()) result.error = "no reason was given";
  const std::string flaw = find_flaw(result);
  if (flaw.empty()) return;
  if (result.status == Status::kOk) {
    result.status = Status::kFailed;
    result.error = "the analyzer gave a result that cannot be: " + flaw;
  }
  result.width = std::max(result.width, 0);
  result.height = std::max(result.height, 0);
  result.values.clear();
  result.time_s.reset();
  result.scale_um_per_px.reset();
  result.scale_from.clear();
  result.value_range.reset();
  result.magnification.reset();
  result.quality.reset();
  result.landmarks.clear();
}

}  // namespace

struct FolderSink::State {
  State(const std::filesystem::path& path, const Options& run_options, const RunIdentity& identity)
      : options(run_options),
        folder(path, true),
        clips({.keep_unusable = run_options.keep_unusable}),
        clip_folder(clip_folder_of(run_options.clips, identity.inputs)),
        tally(run_options.keep_unusable) {}

  /// A picture that a worker is writing, under a temporary name.
  struct NewPicture {
    const OutputFolder* folder;
    std::string name;
    std::shared_ptr<const OpenFile> file;

    std::string path() const { return (folder->path() / name).string(); }
    void discard() const { folder->remove(temporary_name(name)); }
    void keep() const { folder->rename(temporary_name(name), name); }
  };

  Options options;
  OutputFolder folder;
  std::optional<OutputFolder> overlays;
  std::optional<OutputFolder> pictures;
  std::optional<OutputFolder> stages;
  std::shared_ptr<const OpenFile> journal;
  std::int64_t journal_bytes = 0;
  std::int64_t frames = 0;
  std::int64_t frames_before = 0;  ///< of `frames`, those of an earlier session
  bool finished = false;
  std::string line;                               ///< of one frame, after its file's; its memory is used again
  Sha256 content;                                 ///< of the comparable part of each line
  std::set<std::string> files;                    ///< those that have an input line
  std::multimap<std::int64_t, NewPicture> drawn;  ///< by frame
  ClipLog clips;
  std::optional<std::string> clip_folder;
  Tally tally;

  std::string shown() const { return folder.path().string(); }

  void lock() const {
    if (::flock(journal->descriptor(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
    throw Error(ErrorKind::kOutput, "another run is writing to " + shown() + "; wait for it or choose another folder");
  }

  void open_journal(const ordered_json& run) {
    journal = folder.open(kJournal);
    if (!journal) {
      start_without_journal();
    } else {
      lock();
      if (!options.force && !options.resume) {
        throw Error(ErrorKind::kOutput, "the output folder " + shown() +
                                            " holds results already; go on with them by --resume, replace them by "
                                            "--force, or choose another folder");
      }
      if (!options.force && go_on(json::parse(dump(run)))) return;
      if (!starts_as_run_line(journal->descriptor())) {
        throw Error(ErrorKind::kOutput,
                    (folder.path() / kJournal).string() +
                        " was not written by this program and is left alone; choose another folder");
      }
      // The journal goes last: until then the folder is known as ours.
      remove_results(folder, 0);
      folder.remove(kJournal);
    }
    journal = folder.create(kJournal);
    lock();
    const std::string line = dump(run);
    append(line + '\n');
    hash(line);
  }

  void hash(std::string_view whole_line) {
    content.update(comparable(whole_line));
    content.update("\n");
  }

  void start_without_journal() const {
    const std::vector<std::string> names = folder.names();
    if (names.empty()) return;
    if (options.resume && !options.force) {
      throw Error(ErrorKind::kOutput,
                  "the output folder " + shown() +
                      " holds other files and no results.jsonl to go on with; choose another folder");
    }
    if (!options.force) {
      throw Error(ErrorKind::kOutput, "the output folder " + shown() +
                                          " is not empty; choose another folder, or put the results beside what is "
                                          "there by --force");
    }
    std::vector<const char*> ours(kDerived.begin(), kDerived.end());
    ours.insert(ours.end(), kOfStudy.begin(), kOfStudy.end());
    ours.push_back(kReportFolder);
    ours.insert(ours.end(), kPictureFolders.begin(), kPictureFolders.end());
    for (const char* name : ours) {
      if (folder.has(name)) {
        throw Error(ErrorKind::kOutput,
                    (folder.path() / name).string() +
                        " was not written by a run of this program and is left alone; choose another "
                        "folder");
      }
    }
  }

  /// Takes up the run that the journal holds. False where it holds none yet.
  bool go_on(const json& run) {
    const std::string name = (folder.path() / kJournal).string();
    JournalState found;
    try {
      found = read_journal(
          journal->descriptor(), name,
          [this](const FrameResult& result) {
            tally.add(result);
            clips.add(result);
          },
          [this](std::string_view line, std::int64_t) {
            hash(line);
            if (line.starts_with(kClipLineStart)) clips.finish();
          });
    } catch (const Error& error) {
      throw Error(ErrorKind::kOutput, std::string(error.what()) + "; it cannot be gone on with");
    }
    if (found.run.is_null()) return false;
    const std::string differences = find_differences(found.run, run);
    if (!differences.empty()) {
      throw Error(ErrorKind::kOutput,
                  "--resume goes on with the same work only, and this run differs from the one in " + shown() + ":\n" +
                      differences + "Give the same as then, or choose another folder.");
    }
    frames = frames_before = found.frames;
    journal_bytes = found.whole_bytes;
    finished = !found.summary.is_null();
    for (const auto& [file, input] : found.inputs) files.insert(file);
    if (::ftruncate(journal->descriptor(), journal_bytes) != 0)
      throw_output_error(name + " cannot be truncated to its last whole line", errno);
    if (!finished) remove_results(folder, frames);
    return true;
  }

  /// Appends a line, with its end, whole or not at all.
  void append(std::string_view line) {
    struct stat about {};
    if (::fstat(journal->descriptor(), &about) == 0 && about.st_nlink == 0) {
      throw_output_error("results.jsonl in " + shown() + " was removed while the run wrote it", ENOENT);
    }
    ssize_t count = 0;
    do {
      count = ::pwrite(journal->descriptor(), line.data(), line.size(), journal_bytes);
    } while (count < 0 && errno == EINTR);
    if (count != static_cast<ssize_t>(line.size())) {
      const int code = count < 0 ? errno : ENOSPC;
      // Where even this fails the torn line stays, and --resume cuts it off.
      [[maybe_unused]] const int ignored = ::ftruncate(journal->descriptor(), journal_bytes);
      throw_output_error("results.jsonl in " + shown() + " cannot be written", code);
    }
    journal_bytes += count;
  }

  /// The line of a clip whose last frame has been written.
  void write_clip(const std::optional<ClipResult>& clip) {
    if (!clip) return;
    line.clear();
    append_clip_line(line, *clip);
    hash(line);
    line += '\n';
    append(line);
  }

  /// A frame's line, after its file's input line if that is its first.
  void write_lines(const FrameResult& result) {
    line.clear();
    const bool first_of_file = result.input && !files.contains(result.file);
    if (first_of_file) {
      append_input_line(line, input_as_used(*result.input, options));
      line += '\n';
    }
    const std::size_t frame_start = line.size();
    append_frame_line(line, result);
    line += '\n';
    append(line);
    if (first_of_file) files.insert(result.file);
    content.update(std::string_view(line).substr(0, frame_start));
    hash(std::string_view(line).substr(frame_start, line.size() - frame_start - 1));
  }

  std::shared_ptr<const OpenFile> new_picture(const std::optional<OutputFolder>& in, const FrameInfo& frame,
                                              const char* suffix) {
    const std::string name = picture_stem(frame.index, frame.source) + "." + suffix;
    std::shared_ptr<const OpenFile> file = in->create_anew(temporary_name(name));
    drawn.emplace(frame.index, NewPicture{&*in, name, file});
    return file;
  }

  void keep_pictures(const FrameResult& result) {
    for (auto found = drawn.find(result.index); found != drawn.end(); found = drawn.find(result.index)) {
      const NewPicture picture = std::move(found->second);
      drawn.erase(found);
      struct stat about {};
      if (result.status != Status::kOk) {
        picture.discard();
      } else if (::fstat(picture.file->descriptor(), &about) != 0 || about.st_size == 0) {
        picture.discard();
        throw_output_error("the picture " + picture.path() + " could not be written", ENOSPC);
      } else {
        picture.keep();
      }
    }
  }

  void keep_stages(const FrameResult& result) {
    if (!stages || result.stage_pictures.empty()) return;
    const OutputFolder folder_of_frame = stages->subfolder(picture_stem(result.index, result.source), true);
    for (const StagePicture& picture : result.stage_pictures) {
      if (picture.width < 1 || picture.height < 1 || (picture.channels != 1 && picture.channels != 3)) continue;
      if (picture.pixels.size() != std::size_t{1} * picture.width * picture.height * picture.channels) continue;
      const PixelView pixels{picture.pixels.data(), picture.width, picture.height, picture.channels,
                             static_cast<std::ptrdiff_t>(picture.width) * picture.channels};
      const std::vector<std::uint8_t> png = encode_png(pixels);
      NewFile file(folder_of_frame, safe_stem(picture.name) + ".png");
      file.write({reinterpret_cast<const char*>(png.data()), png.size()});
      file.commit(/*durable=*/false);
    }
  }
};

FolderSink::FolderSink(const std::filesystem::path& folder, const Options& options, const RunIdentity& identity)
    : state_(std::make_unique<State>(folder, options, identity)) {
  state_->open_journal(run_line(options, identity));
  if (state_->finished) {
    const auto missing = [this](const char* name) { return !state_->folder.has(name); };
    if (std::any_of(kDerived.begin(), kDerived.end(), missing)) {
      write_derived_files(folder, csv_separator(options.csv_separator));
    }
    return;
  }
  if (options.overlays) state_->overlays = state_->folder.subfolder(kOverlays, true);
  if (options.stages) state_->stages = state_->folder.subfolder(kStages, true);
}

FolderSink::~FolderSink() {
  for (const auto& [index, picture] : state_->drawn) {
    try {
      picture.discard();
    } catch (const Error&) {  // --resume removes leftovers
    }
  }
}

std::int64_t FolderSink::frames_present() const { return state_->frames; }

bool FolderSink::finished() const { return state_->finished; }

FrameFiles FolderSink::files(const FrameInfo& frame) {
  const Options& options = state_->options;
  FrameFiles files;
  if (state_->overlays) files.overlay = state_->new_picture(state_->overlays, frame, to_string(options.overlay_format));
  if (options.pictures == Pictures::kAll ||
      (options.pictures == Pictures::kNeeded && !is_shown_by_browsers(frame.file, frame.page))) {
    // A run whose frames need none has no such folder.
    if (!state_->pictures) state_->pictures = state_->folder.subfolder(kPlainPictures, true);
    files.picture = state_->new_picture(state_->pictures, frame, "jpg");
  }
  return files;
}

void FolderSink::write(FrameResult result) {
  if (state_->finished || result.index != state_->frames) {
    throw Error(ErrorKind::kInternal, "results came out of order: frame " + std::to_string(result.index) + " where " +
                                          std::to_string(state_->frames) + " was due");
  }
  mend(result);
  state_->keep_pictures(result);
  if (result.status == Status::kOk) state_->keep_stages(result);
  result.clip = state_->clips.admit(result, clip_of(result, state_->clip_folder));
  state_->write_clip(state_->clips.add(result));
  state_->write_lines(result);
  state_->tally.add(result);
  ++state_->frames;
}

void FolderSink::finish(const std::vector<SkippedInput>& skipped, double wall_s) {
  if (state_->finished) return;
  state_->write_clip(state_->clips.finish());
  state_->append(
      dump(state_->tally.summary(state_->content.hex(), skipped, wall_s, state_->frames - state_->frames_before)) +
      '\n');
  if (::fsync(state_->journal->descriptor()) != 0 && errno != EINVAL && errno != EROFS) {
    throw_output_error("results.jsonl in " + state_->shown() + " cannot be written", errno);
  }
  state_->finished = true;
  write_derived_files(state_->folder.path(), csv_separator(state_->options.csv_separator));
  state_->folder.sync();
}

}  // namespace capillaryx
