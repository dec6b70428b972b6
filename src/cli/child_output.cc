// SPDX-License-Identifier: Apache-2.0
#include "cli/child_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "capillaryx/error.h"
#include "os/descriptor.h"
#include "os/piped_child.h"

namespace capillaryx::cli {

std::string output_of(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const Descriptor reading(ends[0]);
  std::string text;
  int code = 0;
  {
    Descriptor writing(ends[1]);
    PipedChild child(command, {{writing.number(), STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}});
    writing.reset();
    std::array<char, 65536> part;
    for (ssize_t count = 0; (count = read(reading.number(), part.data(), part.size())) != 0;) {
      if (count > 0) {
        text.append(part.data(), static_cast<std::size_t>(count));
      } else if (errno != EINTR) {
        break;
      }
    }
    code = child.wait();
  }
  if (code != 0) {
    throw Error(ErrorKind::kExecutor, command[0] + " ended with exit code " + std::to_string(code));
  }
  return text;
}

}  // namespace capillaryx::cli
