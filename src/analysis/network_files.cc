// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "analysis/onnx_weights.h"
#include "capillaryx/error.h"
#include "image/image.h"

namespace capillaryx {
namespace {

namespace fs = std::filesystem;

constexpr char kFormats[] = "ONNX (.onnx), TFLite (.tflite), OpenVINO IR (.xml), a TensorFlow SavedModel folder";
constexpr std::uintmax_t kMaxBytes = std::uintmax_t{2} << 30;  // protobuf's own limit
constexpr std::size_t kMaxFiles = 10000;

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::kModel, message); }

std::string hash_of(const std::string& bytes) {
  return sha256_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

// Every file of a folder and of the folders that links in it lead to, by path.
std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::follow_directory_symlink, failed);
  for (; !failed && entry != fs::recursive_directory_iterator(); entry.increment(failed)) {
    if (entry->is_regular_file(failed)) files.push_back(entry->path());
    if (files.size() > kMaxFiles) refuse(fmt::format("{}: more than {} files in it", folder.string(), kMaxFiles));
  }
  if (failed) refuse(fmt::format("{}: cannot be read ({})", folder.string(), failed.message()));
  std::sort(files.begin(), files.end());
  return files;
}

// Where an ONNX network's external data is. A path out of its folder may come from a network made to read any file.
std::vector<fs::path> external_files(const fs::path& file, const std::string& bytes) {
  std::vector<std::string> locations;
  try {
    locations = onnx_weight_files(bytes);
  } catch (const std::runtime_error& error) {
    refuse(fmt::format("{}: not a network that can be read as ONNX: damaged, truncated or of another kind ({})",
                       file.string(), error.what()));
  }
  std::vector<fs::path> files;
  for (const std::string& location : locations) {
    const fs::path relative(location);
    const bool outside = relative.is_absolute() || std::find(relative.begin(), relative.end(), "..") != relative.end();
    if (location.empty() || outside || location.find('\0') != std::string::npos) {
      refuse(
          fmt::format("{}: it keeps weights in \"{}\", which is not in the folder of the network; put both into one "
                      "folder and export the network again",
                      file.string(), location));
    }
    const fs::path weights = file.parent_path() / relative;
    std::error_code failed;
    if (!fs::is_regular_file(weights, failed)) {
      refuse(fmt::format("{}: its weights are in {}, which is missing or no regular file", file.string(),
                         weights.string()));
    }
    files.push_back(weights);
  }
  return files;
}

}  // namespace

const char* format_name(NetworkFormat format) {
  switch (format) {
    case NetworkFormat::kOnnx:
      return "ONNX";
    case NetworkFormat::kTflite:
      return "TFLite";
    case NetworkFormat::kIr:
      return "OpenVINO IR";
    case NetworkFormat::kSavedModel:
      return "TensorFlow SavedModel";
  }
  return "?";
}

NetworkFormat network_format(const fs::path& file) {
  std::error_code failed;
  const fs::file_status status = fs::status(file, failed);
  if (!fs::exists(status)) refuse(fmt::format("{}: no such file; --model takes {}", file.string(), kFormats));
  if (fs::is_directory(status)) {
    if (fs::is_regular_file(file / "saved_model.pb", failed)) return NetworkFormat::kSavedModel;
    refuse(fmt::format("{}: a folder without saved_model.pb; --model takes {}", file.string(), kFormats));
  }
  if (!fs::is_regular_file(status)) refuse(fmt::format("{}: not a regular file", file.string()));
  if (file.extension() == ".onnx") return NetworkFormat::kOnnx;
  if (file.extension() == ".tflite") return NetworkFormat::kTflite;
  if (file.extension() == ".xml") return NetworkFormat::kIr;
  refuse(fmt::format("{}: unknown kind of network \"{}\"; --model takes {}", file.string(), file.extension().string(),
                     kFormats));
}

std::string read_network_file(const fs::path& file, std::uintmax_t limit) {
  std::error_code failed;
  const std::uintmax_t size = fs::file_size(file, failed);
  if (failed) refuse(fmt::format("{}: cannot be read ({})", file.string(), failed.message()));
  if (size > limit) refuse(fmt::format("{}: {} bytes are more than a network may have", file.string(), size));
  std::string bytes(size, '\0');
  std::ifstream stream(file, std::ios::binary);
  if (!stream.read(bytes.data(), static_cast<std::streamsize>(size))) refuse(file.string() + ": cannot be read");
  return bytes;
}

std::string network_hash(const fs::path& file, NetworkFormat format, const std::string& notes) {
  std::string hashes;
  std::vector<fs::path> more;
  if (format == NetworkFormat::kSavedModel) {
    more = files_of(file);
  } else {
    const std::string bytes = read_network_file(file, kMaxBytes);
    if (bytes.empty()) refuse(file.string() + ": the file is empty");
    hashes = hash_of(bytes) + '\n';
    if (format == NetworkFormat::kOnnx) more = external_files(file, bytes);
    if (format == NetworkFormat::kIr) {
      fs::path weights = file;
      weights.replace_extension(".bin");
      std::error_code failed;
      if (fs::exists(weights, failed)) more.push_back(weights);
    }
  }
  for (const fs::path& each : more) hashes += hash_of(read_network_file(each, kMaxBytes)) + '\n';
  if (!notes.empty()) hashes += hash_of(notes) + '\n';
  const bool one_file = std::count(hashes.begin(), hashes.end(), '\n') == 1;
  return one_file ? hashes.substr(0, hashes.size() - 1) : hash_of(hashes);
}

}  // namespace capillaryx
