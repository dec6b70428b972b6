// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <string_view>
#include <utility>

#include "probe/probe.h"
#include "source/input.h"
#include "source/probes.h"

namespace capillaryx {
namespace {

/// So many files are opened, and probed where that is needed, before the turn of the first of them has come.
constexpr std::size_t kFilesAhead = 16;

bool has_several(const OpenFile& file) {
  std::array<std::uint8_t, 132> first{};
  const ssize_t got = ::pread(file.descriptor(), first.data(), first.size(), 0);
  return got > 0 && may_hold_several(std::span(first).first(static_cast<std::size_t>(got)));
}

/// Whether a name promises one picture. What it does not promise is known only when the file's turn comes.
bool is_one_by_name(std::string_view name) {
  constexpr std::array<std::string_view, 9> kSuffixes = {".png", ".jpg", ".jpeg", ".jpe", ".jfif",
                                                         ".bmp", ".pnm", ".ppm",  ".pgm"};
  return std::any_of(kSuffixes.begin(), kSuffixes.end(),
                     [name](std::string_view suffix) { return name.ends_with(suffix); });
}

class FilesInput : public Input {
 public:
  FilesInput(std::vector<ListedFile> files, std::int64_t every, const StopEvent& stop)
      : files_(std::move(files)), every_(every), stop_(&stop) {}

  void use_prober(std::shared_ptr<Prober> prober) override { prober_ = std::move(prober); }

  std::optional<Frame> next(FrameInfo info) override {
    if (!has_frame()) return std::nullopt;
    const ListedFile& listed = files_[current_->number];
    std::shared_ptr<const OpenFile> file = current_->file;
    info.file = listed.file;
    info.source = listed.source;
    if (current_->input) {
      const auto page = static_cast<std::size_t>(current_->page);
      name_page(info, listed.source, current_->page, current_->input);
      if (page < current_->input->page_times_s.size()) info.time_s = current_->input->page_times_s[page];
    }
    const std::string reason = current_->reason;
    leave(1);
    if (!reason.empty()) return Frame::unreadable(std::move(info), reason);
    return Frame::from_file(std::move(info), std::move(file));
  }

  std::int64_t skip(std::int64_t count) override {
    std::int64_t skipped = 0;
    while (skipped < count && has_frame()) {
      const std::int64_t frames = std::min(count - skipped, frames_left());
      leave(frames);
      skipped += frames;
    }
    return skipped;
  }

  std::optional<std::int64_t> frame_count() const override {
    const bool known =
        std::all_of(files_.begin(), files_.end(), [](const ListedFile& file) { return is_one_by_name(file.path); });
    return known ? std::optional(static_cast<std::int64_t>(files_.size())) : std::nullopt;
  }

  void rewind() override {
    opened_ = 0;
    ahead_.clear();
    current_.reset();
  }

 private:
  /// A file that is open.
  struct Opened {
    std::size_t number = 0;  ///< in files_
    std::shared_ptr<const OpenFile> file;
    std::string reason;  ///< why it cannot be read; empty if it can
    std::shared_ptr<Probes::Ticket> ticket;
    std::shared_ptr<const InputInfo> input;  ///< of a file with several pictures
    std::int64_t page = 0;                   ///< the next
  };

  void open_ahead() {
    while (opened_ < files_.size() && ahead_.size() < (prober_ ? kFilesAhead : 1)) {
      Opened& next = ahead_.emplace_back();
      next.number = opened_++;
      next.file = open_regular_file(files_[next.number].path, next.reason);
      if (!prober_ || !next.file || !has_several(*next.file)) continue;
      if (!probes_) probes_.emplace(prober_, *stop_);
      next.ticket = probes_->begin(next.file);
    }
  }

  /// Makes current_ the file of the next frame. False at the end, and after a stop.
  bool has_frame() {
    if (current_) return true;
    open_ahead();
    if (ahead_.empty()) {
      probes_.reset();  // a folder may have very many stretches of files
      return false;
    }
    if (const auto ticket = ahead_.front().ticket) {
      const std::optional<Probed> probed = probes_->wait(*ticket);
      if (!probed) return false;
      Opened& next = ahead_.front();
      next.reason = probed->error;
      if (probed->input && probed->input->pages.value_or(1) != 1) {
        auto input = std::make_shared<InputInfo>(*probed->input);
        input->file = files_[next.number].file;
        if (*input->pages < 1) next.reason = "the file holds no picture";
        if (*input->pages > 1) next.input = std::move(input);
      }
    }
    current_ = std::move(ahead_.front());
    ahead_.pop_front();
    return true;
  }

  /// Of the current file; at least 1.
  std::int64_t frames_left() const {
    return current_->input ? (*current_->input->pages - current_->page + every_ - 1) / every_ : 1;
  }

  void leave(std::int64_t frames) {
    if (frames == frames_left()) {
      current_.reset();
    } else {
      current_->page += frames * every_;
    }
  }

  std::vector<ListedFile> files_;
  std::int64_t every_;
  const StopEvent* stop_;
  std::shared_ptr<Prober> prober_;
  std::optional<Probes> probes_;  ///< from the first to the last file
  std::size_t opened_ = 0;
  std::deque<Opened> ahead_;
  std::optional<Opened> current_;
};

}  // namespace

std::unique_ptr<Input> make_files_input(std::vector<ListedFile> files, std::int64_t every, const StopEvent& stop) {
  return std::make_unique<FilesInput>(std::move(files), every, stop);
}

}  // namespace capillaryx
