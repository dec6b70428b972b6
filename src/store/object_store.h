// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "os/shared_memory.h"

namespace capillaryx {

/// Where an object lies in its store: what a message to a reader says.
struct ObjectPlace {
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
};

class SealedObject;

/// The writer's side of the object store (paper, III-B): bounded shared memory out of which it lends room for an
/// object, that is written once, sealed, and then read elsewhere. Using it otherwise does not compile:
///
///     std::optional<ObjectStore::Loan> loan = store.loan(bytes);  // nothing: the store is full
///     fill(loan->bytes());
///     SealedObject object = std::move(*loan).seal();  // nobody writes it any more
///     send(object.place());                           // `object` is kept until the reader has let go of it
///
/// The room comes back when its Loan or SealedObject goes; a reader's crash costs nothing, as its driver lets go.
/// Threads: one at a time, its loans and objects too.
class ObjectStore {
 public:
  /// Throws Error (kExecutor) where the system has no shared memory. The memory costs nothing until it is used.
  explicit ObjectStore(std::size_t capacity_bytes);

  class Loan;
  class Room;

  /// Room for `size_bytes` (at least 1), or nothing where the store is full.
  std::optional<Loan> loan(std::size_t size_bytes);

  std::size_t capacity_bytes() const;
  std::size_t used_bytes() const;
  /// To hand to readers.
  int descriptor() const;

 private:
  struct Arena;
  std::shared_ptr<Arena> arena_;
};

/// A piece of a store's memory, given back when it goes.
class ObjectStore::Room {
 public:
  Room(std::shared_ptr<Arena> arena, std::size_t offset, std::size_t bytes);
  ~Room();
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

 private:
  std::shared_ptr<Arena> arena_;
  std::size_t offset_;
  std::size_t bytes_;
};

/// An object that is written and will not change. Its room is given back when the SealedObject goes. Moved, not copied.
class SealedObject {
 public:
  SealedObject() = default;

  const ObjectPlace& place() const { return place_; }

 private:
  friend class ObjectStore;
  SealedObject(std::unique_ptr<ObjectStore::Room> room, ObjectPlace place) : room_(std::move(room)), place_(place) {}

  std::unique_ptr<ObjectStore::Room> room_;
  ObjectPlace place_;
};

/// Room to write one object into. Moved, not copied.
class ObjectStore::Loan {
 public:
  std::span<std::uint8_t> bytes() const { return bytes_; }
  SealedObject seal() && { return {std::move(room_), place_}; }

 private:
  friend class ObjectStore;
  Loan(std::unique_ptr<Room> room, std::span<std::uint8_t> bytes, ObjectPlace place)
      : room_(std::move(room)), bytes_(bytes), place_(place) {}

  std::unique_ptr<Room> room_;
  std::span<std::uint8_t> bytes_;
  ObjectPlace place_;
};

/// A reader's side: looks at the objects of a store in another process. It cannot write them.
class ObjectReader {
 public:
  /// Throws Error (kExecutor) where `descriptor` is not that of a store.
  explicit ObjectReader(Descriptor descriptor);

  /// The object at `place`; nothing where that lies outside the store. Valid as long as the reader.
  std::optional<std::span<const std::uint8_t>> read(const ObjectPlace& place) const;

 private:
  SharedMemoryView memory_;
};

}  // namespace capillaryx
