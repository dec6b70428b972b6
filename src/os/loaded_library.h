// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace capillaryx {

/// Code of another's in this process. It stays for good: what it made may live as long as the process.
class LoadedLibrary {
 public:
  /// Loads the shared library at a path. Its own start-up code runs. Throws Error (kUsage) where it is no regular file
  /// or cannot be loaded.
  explicit LoadedLibrary(const std::string& file);

  /// The address of what it exports under `name`, or null.
  const void* find(const char* name) const;

 private:
  void* handle_;
};

}  // namespace capillaryx
