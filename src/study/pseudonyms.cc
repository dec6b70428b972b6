// SPDX-License-Identifier: Apache-2.0
#include "study/pseudonyms.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "capillaryx/error.h"
#include "image/image.h"
#include "source/folder.h"

namespace capillaryx {
namespace {

constexpr const char* kCode = "code";
constexpr const char* kEnd = "_code";
constexpr const char* kExcluded = "excluded in the study file";  // as study_file reads `x`

/// The extension of a file's name, in small letters, if it is one of pictures or videos; other text may be a name.
std::string extension_of(const std::string& file) {
  if (!has_image_suffix(file) && !has_video_suffix(file)) return "";
  std::string out = file.substr(file.rfind('.'));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string numbered(const std::string& start, std::size_t number, std::size_t count) {
  std::string digits = std::to_string(number);
  const std::size_t width = std::to_string(count).size();
  digits.insert(0, width > digits.size() ? width - digits.size() : 0, '0');
  return start + digits;
}

/// 1 to `count` in a random order (Fisher and Yates).
std::vector<std::size_t> shuffled(std::size_t count, const std::function<std::size_t(std::size_t)>& draw) {
  std::vector<std::size_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = i + 1;
  for (std::size_t i = count; i > 1; --i) std::swap(numbers[i - 1], numbers[draw(i)]);
  return numbers;
}

std::string label(const StudyRow& row, const std::string& column) {
  const auto found = row.labels.find(column);
  return found == row.labels.end() ? std::string() : found->second;
}

}  // namespace

Study make_key(const Study& study, const std::function<std::size_t(std::size_t)>& draw) {
  Study key;
  key.label_columns = study.label_columns;
  key.label_columns.emplace_back(kCode);
  for (const std::string& column : study.label_columns) {
    key.label_columns.push_back(column);
    key.label_columns.back() += kEnd;
  }
  key.rows = study.rows;
  const std::vector<std::size_t> numbers = shuffled(key.rows.size(), draw);
  for (std::size_t i = 0; i < key.rows.size(); ++i) {
    key.rows[i].labels[kCode] = numbered("m", numbers[i], numbers.size()) + extension_of(key.rows[i].file);
  }
  for (const std::string& column : study.label_columns) {
    std::set<std::string> values;
    for (const StudyRow& row : study.rows) values.insert(label(row, column));
    values.erase("");
    const std::vector<std::size_t> codes = shuffled(values.size(), draw);
    for (StudyRow& row : key.rows) {
      const std::string value = label(row, column);
      const auto place = static_cast<std::size_t>(std::distance(values.begin(), values.find(value)));
      row.labels[column + kEnd] = value.empty() ? "" : numbered(column + "-", codes[place], codes.size());
    }
  }
  return key;
}

Pseudonyms apply_key(const Study& key, const Study& study, const std::string& name) {
  Pseudonyms out;
  out.real = study;
  out.coded.label_columns = study.label_columns;
  std::map<std::string, const StudyRow*> rows;
  for (const StudyRow& row : key.rows) rows.emplace(row.file, &row);
  for (const StudyRow& row : study.rows) {
    const auto found = rows.find(row.file);
    if (found == rows.end()) {
      throw Error(ErrorKind::kInput, fmt::format("{} has no code for {}: name a new key file", name, row.file));
    }
    StudyRow coded = row;
    coded.file = label(*found->second, kCode);
    if (coded.file.empty() || !out.files.emplace(coded.file, row.file).second) {
      throw Error(ErrorKind::kInput, name + " has no code for " + row.file);
    }
    for (const std::string& column : study.label_columns) {
      if (label(*found->second, column) != label(row, column)) {
        throw Error(ErrorKind::kInput,
                    fmt::format("{}: the {} of {} is '{}' there and '{}' in the study: name a new key file", name,
                                column, row.file, label(*found->second, column), label(row, column)));
      }
      coded.labels[column] = label(*found->second, column + kEnd);
    }
    if (!coded.exclude.empty()) coded.exclude = kExcluded;
    coded.note.clear();
    out.coded.rows.push_back(std::move(coded));
  }
  std::sort(out.coded.rows.begin(), out.coded.rows.end(),
            [](const StudyRow& a, const StudyRow& b) { return a.file < b.file; });
  return out;
}

Pseudonyms resolve_key(const Study& key, const Study& coded, const std::string& name) {
  std::map<std::string, const StudyRow*> rows;
  for (const StudyRow& row : key.rows) rows.emplace(label(row, kCode), &row);
  Pseudonyms out;
  out.coded = coded;
  out.real.label_columns = coded.label_columns;
  for (const StudyRow& row : coded.rows) {
    const auto found = rows.find(row.file);
    if (found == rows.end()) throw Error(ErrorKind::kInput, name + " has no code " + row.file + ": it is another key");
    StudyRow real = row;
    real.file = found->second->file;
    for (const std::string& column : coded.label_columns) real.labels[column] = label(*found->second, column);
    if (row.exclude == kExcluded && !found->second->exclude.empty()) real.exclude = found->second->exclude;
    if (row.note.empty()) real.note = found->second->note;
    out.files.emplace(row.file, real.file);
    out.real.rows.push_back(std::move(real));
  }
  return out;
}

}  // namespace capillaryx
