// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace capillaryx::cli {

/// The inputs of a pseudonymised run: a private temporary folder of links named by codes, and a study file of codes
/// beside them. A run over it never sees a real name. The folder's name comes from the key, so that a run can be
/// resumed; it is removed with this object.
class CodedInputs {
 public:
  /// `key_file` is read, or written (readable by its owner alone) if it is not there. Throws Error: an input is no
  /// folder, picture, video or study file; others may read the key; the key is that of another study.
  CodedInputs(const std::vector<std::string>& inputs, const std::string& key_file);
  ~CodedInputs();
  CodedInputs(const CodedInputs&) = delete;
  CodedInputs& operator=(const CodedInputs&) = delete;

  std::string study_file() const { return (folder_ / "study.csv").string(); }

 private:
  std::filesystem::path folder_;
};

}  // namespace capillaryx::cli
