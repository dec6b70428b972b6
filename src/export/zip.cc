// SPDX-License-Identifier: Apache-2.0
#include "export/zip.h"

#include <libdeflate.h>

namespace capillaryx {
namespace {

void append(std::string& text, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i & 0xFF);
}

constexpr std::uint32_t kVersion = 20;           // of the format
constexpr std::uint32_t kFirstDay = 1 << 5 | 1;  // 1980-01-01
constexpr std::uint32_t kFileMark = 0x04034b50, kEntryMark = 0x02014b50, kEndMark = 0x06054b50;

}  // namespace

void ZipFile::add(std::string_view name, std::string_view content) {
  const auto offset = static_cast<std::uint32_t>(files_.size());
  std::string header;  // what stands before the file and in the directory alike
  append(header, kVersion, 2);
  append(header, 0, 2);  // flags
  append(header, 0, 2);  // stored
  append(header, 0, 2);  // midnight
  append(header, kFirstDay, 2);
  append(header, libdeflate_crc32(0, content.data(), content.size()), 4);
  append(header, static_cast<std::uint32_t>(content.size()), 4);
  append(header, static_cast<std::uint32_t>(content.size()), 4);
  append(header, static_cast<std::uint32_t>(name.size()), 2);
  append(header, 0, 2);  // no extra field
  append(files_, kFileMark, 4);
  (files_ += header).append(name).append(content);
  append(directory_, kEntryMark, 4);
  append(directory_, kVersion, 2);
  directory_ += header;
  append(directory_, 0, 2);  // no comment
  append(directory_, 0, 2);  // disk
  append(directory_, 0, 2);  // internal attributes
  append(directory_, 0, 4);  // external attributes
  append(directory_, offset, 4);
  directory_ += name;
  ++count_;
}

std::string ZipFile::finish() {
  std::string zip = files_ + directory_;
  append(zip, kEndMark, 4);
  append(zip, 0, 4);  // disks
  append(zip, count_, 2);
  append(zip, count_, 2);
  append(zip, static_cast<std::uint32_t>(directory_.size()), 4);
  append(zip, static_cast<std::uint32_t>(files_.size()), 4);
  append(zip, 0, 2);  // no comment
  return zip;
}

}  // namespace capillaryx
