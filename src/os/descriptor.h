// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

namespace capillaryx {

/// Owns an open descriptor, or none (-1).
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~Descriptor() { reset(); }

  int number() const { return number_; }
  bool valid() const { return number_ >= 0; }
  int release() { return std::exchange(number_, -1); }
  /// Closes what it has and takes `number` over.
  void reset(int number = -1);

 private:
  int number_ = -1;
};

}  // namespace capillaryx
