// SPDX-License-Identifier: Apache-2.0
#include "pipeline/study_inputs.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "capillaryx/error.h"
#include "source/source_name.h"
#include "study/study_files.h"

namespace capillaryx {

bool is_study_file(const std::string& argument) {
  std::string suffix = argument.size() < 4 ? "" : argument.substr(argument.size() - 4);
  for (char& c : suffix) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::error_code ignored;
  return suffix == ".csv" && !std::filesystem::is_directory(argument, ignored);
}

RunInputs find_run_inputs(const std::vector<std::string>& arguments) {
  RunInputs out;
  for (const std::string& argument : arguments) {
    if (!is_study_file(argument)) {
      out.inputs.push_back({argument});
      continue;
    }
    if (out.study) throw Error(ErrorKind::kUsage, "two study files are given: put their rows into one");
    out.study = parse_study(read_small_file(argument), argument);
    const std::filesystem::path folder = std::filesystem::path(argument).parent_path();
    for (const StudyRow& row : out.study->rows) {
      const std::string place = argument + ", row " + std::to_string(row.number) + ": ";
      const std::string path = (folder / path_of_name(row.file)).string();
      struct stat about {};
      if (::stat(path.c_str(), &about) != 0) {
        throw Error(ErrorKind::kInput, place + "column file: " + row.file + ": " + std::strerror(errno));
      }
      if (!row.mask.empty()) {
        throw Error(ErrorKind::kInput, place + "column mask: masks are not applied in this version; empty the cell");
      }
      out.inputs.push_back({path, row.file});
    }
  }
  return out;
}

}  // namespace capillaryx
