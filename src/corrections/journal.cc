// SPDX-License-Identifier: Apache-2.0
#include "corrections/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <ctime>
#include <string_view>
#include <system_error>
#include <utility>

#include "capillaryx/error.h"
#include "image/image.h"

namespace capillaryx {
namespace {

using nlohmann::json;

constexpr std::size_t kMostLineBytes = 1 << 20;
constexpr std::int64_t kMostFileBytes = std::int64_t{1} << 30;
constexpr std::size_t kMostIds = 10'000;
constexpr std::size_t kMostNumbers = 4'000;
constexpr std::array<std::string_view, 11> kKinds{"remove",  "add",     "edit", "split", "merge", "ambiguous",
                                                  "exclude", "include", "note", "undo",  "redo"};

std::string hash_of(std::string_view line) {
  Sha256 sha;
  sha.update(line);
  return sha.hex();
}

[[noreturn]] void damaged(const std::string& name, std::size_t line, const std::string& why) {
  throw Error(ErrorKind::kInput, name + ", line " + std::to_string(line) + ": " + why +
                                     "; restore the file from a copy, or review under another name");
}

bool are_points(const json& points) {
  if (!points.is_array() || points.size() < 6 || points.size() % 2 != 0 || points.size() > kMostNumbers) return false;
  return std::all_of(points.begin(), points.end(), [](const json& each) {
    return each.is_number() && std::isfinite(each.get<double>()) && std::abs(each.get<double>()) < 1e5;
  });
}

bool is_id(const json& id) { return id.is_number_integer() && id >= 0 && id < (std::int64_t{1} << 53); }

bool are_shapes(const json& geometry) {
  if (!geometry.is_object()) return false;
  if (geometry.contains("area") && !are_points(geometry["area"])) return false;
  if (!geometry.contains("shapes")) return true;
  const json& shapes = geometry["shapes"];
  if (!shapes.is_array() || shapes.size() > kMostIds) return false;
  return std::all_of(shapes.begin(), shapes.end(), [](const json& shape) {
    return shape.is_array() && shape.size() == 2 && is_id(shape[0]) && are_points(shape[1]);
  });
}

std::string now_utc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Corrections read_open(int descriptor, const std::string& name) {
  struct stat about {};
  if (::fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > kMostFileBytes) {
    damaged(name, 1, "not a journal of corrections");
  }
  std::string bytes(static_cast<std::size_t>(about.st_size), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(descriptor, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  Corrections found;
  std::size_t number = 0;
  for (std::size_t start = 0, end = 0; (end = bytes.find('\n', start)) != std::string::npos; start = end + 1) {
    const std::string_view line(bytes.data() + start, end - start);
    ++number;
    if (line.size() > kMostLineBytes) damaged(name, number, "the line is too long");
    json value = parse_untrusted(line);
    if (!value.is_object()) damaged(name, number, "not a JSON object");
    if (number == 1) {
      if (value.value("schema", json()) != 1 || text_of(value, "run").empty() || text_of(value, "reviewer").empty()) {
        damaged(name, number, "not the first line of a journal of corrections");
      }
      found.run = text_of(value, "run");
      found.reviewer = text_of(value, "reviewer");
    } else {
      if (value.value("seq", json()) != found.records.size() + 1) damaged(name, number, "its number is out of order");
      if (text_of(value, "previous") != found.last_hash) damaged(name, number, "the chain of hashes is broken");
      if (const std::string flaw = flaw_of_record(value); !flaw.empty()) damaged(name, number, flaw);
      found.records.push_back(std::move(value));
    }
    found.last_hash = hash_of(line);
    found.whole_bytes = static_cast<std::int64_t>(end + 1);
  }
  return found;
}

/// So that the name of a new file in it outlasts a power cut.
void sync_folder(const std::filesystem::path& folder) {
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return;
  ::fsync(opened);
  ::close(opened);
}

void check_reviewer(const std::string& reviewer) {
  const bool good = !reviewer.empty() && reviewer.size() <= 64 && reviewer.front() != '.' &&
                    std::all_of(reviewer.begin(), reviewer.end(), [](unsigned char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                             c == '_' || c == '.';
                    });
  if (good) return;
  throw Error(ErrorKind::kUsage, "a reviewer's name has letters, digits, '-', '_' and '.', at most 64: choose another");
}

}  // namespace

json parse_untrusted(std::string_view text) {
  // Parsing and freeing go as deep as the text does: so deep that the stack might not hold it.
  constexpr int kDeepest = 16;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepest) return json(json::value_t::discarded);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return json::parse(text, nullptr, false);
}

std::string flaw_of_record(const json& record) {
  if (!record.is_object()) return "a record is a JSON object";
  const std::string what = text_of(record, "what");
  if (std::find(kKinds.begin(), kKinds.end(), what) == kKinds.end()) return "unknown kind of record";
  if (!record.contains("seq") || !is_id(record["seq"])) return "a record has a number";
  if (text_of(record, "file_sha256").size() > 128) return "its file is no hash";
  if (record.contains("page") && !record["page"].is_null() && !is_id(record["page"])) return "its page is no number";
  const json ids = record.value("ids", json::array());
  if (!ids.is_array() || ids.size() > kMostIds || !std::all_of(ids.begin(), ids.end(), is_id)) {
    return "its ids are no numbers";
  }
  for (const char* part : {"old", "new"}) {
    if (record.contains(part) && !are_shapes(record[part])) return std::string("its '") + part + "' is no geometry";
  }
  if ((what == "undo" || what == "redo") && !is_id(record.value("new", json::object()).value("of", json()))) {
    return "it names no record";
  }
  return "";
}

Corrections read_corrections(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) {
    throw Error(ErrorKind::kInput, file.string() + " cannot be read: " + std::strerror(errno));
  }
  const OpenFile open(descriptor);
  Corrections found = read_open(descriptor, file.string());
  if (found.whole_bytes == 0) damaged(file.string(), 1, "not a journal of corrections");
  return found;
}

CorrectionsJournal::CorrectionsJournal(const std::filesystem::path& results, const std::string& reviewer,
                                       const std::string& run) {
  check_reviewer(reviewer);
  const std::filesystem::path folder = results / kCorrectionsFolder;
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
    throw Error(ErrorKind::kOutput, folder.string() + " cannot be made: " + std::strerror(errno));
  }
  sync_folder(results);
  path_ = folder / (reviewer + ".jsonl");
  const int descriptor = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
  if (descriptor < 0) throw Error(ErrorKind::kOutput, path_.string() + " cannot be opened: " + std::strerror(errno));
  file_ = std::make_shared<OpenFile>(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    throw Error(ErrorKind::kOutput, path_.string() + " is in use: end the other review, or give another --reviewer");
  }
  content_ = read_open(descriptor, path_.string());
  if (content_.whole_bytes > 0 && content_.run != run) {
    throw Error(ErrorKind::kInput, path_.string() +
                                       " holds corrections of another analysis of these inputs; give another "
                                       "--reviewer, or review the results that it belongs to");
  }
  if (::ftruncate(descriptor, content_.whole_bytes) != 0) {
    throw Error(ErrorKind::kOutput, path_.string() + " cannot be written: " + std::strerror(errno));
  }
  if (content_.whole_bytes > 0) return;
  content_.run = run;
  content_.reviewer = reviewer;
  const std::string line = json{{"schema", 1}, {"run", run}, {"reviewer", reviewer}}.dump() + '\n';
  if (::pwrite(descriptor, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()) ||
      ::fsync(descriptor) != 0) {
    throw Error(ErrorKind::kOutput, path_.string() + " cannot be written: " + std::strerror(errno));
  }
  // The new file's name is on disk as well.
  sync_folder(folder);
  content_.whole_bytes = static_cast<std::int64_t>(line.size());
  content_.last_hash = hash_of(std::string_view(line).substr(0, line.size() - 1));
}

void CorrectionsJournal::append(std::vector<json> records) {
  std::string lines;
  std::string hash = content_.last_hash;
  std::vector<json> added;
  for (json& record : records) {
    if (const std::string flaw = flaw_of_record(record); !flaw.empty()) throw RefusedRecord(400, flaw);
    const auto seq = record["seq"].get<std::size_t>();
    const std::size_t there = content_.records.size() + added.size();
    record.erase("previous");
    record.erase("time");
    if (seq >= 1 && seq <= there) {
      json stored =
          seq <= content_.records.size() ? content_.records[seq - 1] : added[seq - 1 - content_.records.size()];
      stored.erase("previous");
      stored.erase("time");
      if (stored != record) throw RefusedRecord(409, "another record has this number: reload the page");
      continue;
    }
    if (seq != there + 1) throw RefusedRecord(409, "a record before this one is missing: reload the page");
    record["previous"] = hash;
    record["time"] = now_utc();
    const std::string line = record.dump(-1, ' ', false, json::error_handler_t::replace);
    if (line.size() > kMostLineBytes) throw RefusedRecord(400, "the record is too large");
    hash = hash_of(line);
    lines += line + '\n';
    added.push_back(std::move(record));
  }
  if (added.empty()) return;
  const auto written = ::pwrite(file_->descriptor(), lines.data(), lines.size(), content_.whole_bytes);
  if (written != static_cast<ssize_t>(lines.size()) || ::fsync(file_->descriptor()) != 0) {
    const int code = errno;
    [[maybe_unused]] const int ignored = ::ftruncate(file_->descriptor(), content_.whole_bytes);
    throw Error(ErrorKind::kOutput,
                path_.string() + " cannot be written: " + (written >= 0 ? "the disk is full" : std::strerror(code)) +
                    "; make room, then try again");
  }
  content_.whole_bytes += static_cast<std::int64_t>(lines.size());
  content_.last_hash = hash;
  std::move(added.begin(), added.end(), std::back_inserter(content_.records));
}

}  // namespace capillaryx
