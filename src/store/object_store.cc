// SPDX-License-Identifier: Apache-2.0
#include "store/object_store.h"

#include <algorithm>
#include <map>
#include <utility>

namespace capillaryx {
namespace {

/// Objects begin on pages: two of them never share one.
constexpr std::size_t kPageBytes = 4096;

std::size_t whole_pages(std::size_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

}  // namespace

struct ObjectStore::Arena {
  explicit Arena(std::size_t capacity_bytes)
      : memory(whole_pages(std::max(capacity_bytes, kPageBytes))), free{{0, memory.bytes().size()}} {}

  /// The lowest room that is large enough: what has been written before is in memory already.
  std::optional<std::size_t> take(std::size_t bytes) {
    const auto found =
        std::find_if(free.begin(), free.end(), [bytes](const auto& room) { return room.second >= bytes; });
    if (found == free.end()) return std::nullopt;
    const auto [offset, size] = *found;
    free.erase(found);
    if (size > bytes) free.emplace(offset + bytes, size - bytes);
    used_bytes += bytes;
    return offset;
  }

  void give_back(std::size_t offset, std::size_t bytes) {
    used_bytes -= bytes;
    auto room = free.emplace(offset, bytes).first;
    const auto next = std::next(room);
    if (next != free.end() && offset + bytes == next->first) {
      room->second += next->second;
      free.erase(next);
    }
    if (room == free.begin()) return;
    const auto before = std::prev(room);
    if (before->first + before->second == offset) {
      before->second += room->second;
      free.erase(room);
    }
  }

  SharedMemory memory;
  std::map<std::size_t, std::size_t> free;  ///< offset -> size; neighbours are joined
  std::size_t used_bytes = 0;
};

ObjectStore::ObjectStore(std::size_t capacity_bytes) : arena_(std::make_shared<Arena>(capacity_bytes)) {}

std::optional<ObjectStore::Loan> ObjectStore::loan(std::size_t size_bytes) {
  if (size_bytes == 0 || size_bytes > capacity_bytes()) return std::nullopt;
  const std::size_t pages = whole_pages(size_bytes);
  const auto offset = arena_->take(pages);
  if (!offset) return std::nullopt;
  return Loan(std::make_unique<Room>(arena_, *offset, pages), arena_->memory.bytes().subspan(*offset, size_bytes),
              {*offset, size_bytes});
}

ObjectStore::Room::Room(std::shared_ptr<Arena> arena, std::size_t offset, std::size_t bytes)
    : arena_(std::move(arena)), offset_(offset), bytes_(bytes) {}

ObjectStore::Room::~Room() { arena_->give_back(offset_, bytes_); }

std::size_t ObjectStore::capacity_bytes() const { return arena_->memory.bytes().size(); }
std::size_t ObjectStore::used_bytes() const { return arena_->used_bytes; }
int ObjectStore::descriptor() const { return arena_->memory.descriptor(); }

ObjectReader::ObjectReader(Descriptor descriptor) : memory_(std::move(descriptor)) {}

std::optional<std::span<const std::uint8_t>> ObjectReader::read(const ObjectPlace& place) const {
  const auto bytes = memory_.bytes();
  if (place.offset > bytes.size() || place.size_bytes > bytes.size() - place.offset) return std::nullopt;
  return bytes.subspan(place.offset, place.size_bytes);
}

}  // namespace capillaryx
