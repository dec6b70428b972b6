// SPDX-License-Identifier: Apache-2.0
#include "source/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "capillaryx/error.h"
#include "image/image.h"

namespace capillaryx {
namespace {

class UnreadableInput : public Input {
 public:
  UnreadableInput(ListedFile file, std::string reason) : file_(std::move(file)), reason_(std::move(reason)) {}

  std::optional<Frame> next(FrameInfo info) override {
    if (std::exchange(given_, true)) return std::nullopt;
    info.file = file_.file;
    info.source = file_.source;
    return Frame::unreadable(std::move(info), reason_);
  }
  std::int64_t skip(std::int64_t count) override { return count > 0 && !std::exchange(given_, true) ? 1 : 0; }
  std::optional<std::int64_t> frame_count() const override { return 1; }
  void rewind() override { given_ = false; }

 private:
  ListedFile file_;
  std::string reason_;
  bool given_ = false;
};

}  // namespace

std::shared_ptr<const OpenFile> open_regular_file(const std::string& path, std::string& reason) {
  // Nothing is waited for: a pipe that took the file's place since it was listed opens at once and is refused.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) {
    const int error_number = errno;
    if (error_number == EMFILE || error_number == ENFILE) {
      throw Error(ErrorKind::kInput, "too many files are open at once; raise the limit with `ulimit -n`");
    }
    reason = "cannot be opened: " + std::generic_category().message(error_number);
    return nullptr;
  }
  auto file = std::make_shared<const OpenFile>(descriptor);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    reason = "not a regular file";
    return nullptr;
  }
  return file;
}

void name_page(FrameInfo& info, const std::string& source, std::int64_t page, std::shared_ptr<const InputInfo> input) {
  info.file = input->file;
  info.page = page;
  info.source = source + "#" + std::to_string(page);
  info.input = std::move(input);
}

std::shared_ptr<const InputInfo> unprobed_input(std::string file, FileKind kind) {
  auto input = std::make_shared<InputInfo>();
  input->file = std::move(file);
  input->kind = kind;
  return input;
}

std::string sha256_of(const OpenFile& file, const StopEvent& stop) {
  Sha256 sha256;
  std::vector<char> part(1U << 20U);
  off_t at = 0;
  while (!stop.requested()) {
    const ssize_t got = ::pread(file.descriptor(), part.data(), part.size(), at);
    if (got < 0) return "";
    if (got == 0) return sha256.hex();
    sha256.update({part.data(), static_cast<std::size_t>(got)});
    at += got;
  }
  return "";
}

std::unique_ptr<Input> make_unreadable_input(const ListedFile& file, std::string reason) {
  return std::make_unique<UnreadableInput>(file, std::move(reason));
}

}  // namespace capillaryx
