// SPDX-License-Identifier: Apache-2.0
#include "os/loaded_library.h"

#include <dlfcn.h>

#include <filesystem>
#include <system_error>

#include "capillaryx/error.h"

namespace capillaryx {

LoadedLibrary::LoadedLibrary(const std::string& file) {
  namespace fs = std::filesystem;
  std::error_code failed;
  const fs::file_status status = fs::status(file, failed);
  if (!fs::exists(status)) throw Error(ErrorKind::kUsage, "there is no file " + file);
  if (!fs::is_regular_file(status)) throw Error(ErrorKind::kUsage, file + " is no regular file");
  // A path with a slash in it: without one the system would look among its own libraries.
  const fs::path path = fs::absolute(file, failed);
  handle_ = failed ? nullptr : ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle_ != nullptr) return;
  const char* reason = failed ? nullptr : ::dlerror();
  throw Error(ErrorKind::kUsage, file + " cannot be loaded as a shared library: " +
                                     (reason != nullptr ? std::string(reason) : failed.message()));
}

const void* LoadedLibrary::find(const char* name) const { return ::dlsym(handle_, name); }

}  // namespace capillaryx
