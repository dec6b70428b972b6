// SPDX-License-Identifier: Apache-2.0
#include "analysis/pieces.h"

#include <algorithm>

namespace capillaryx {
namespace {

constexpr int kNone = -1;
constexpr int kPart = 4;  // a piece that is smaller by this factor than the largest is a speck

}  // namespace

void PieceJoiner::join(const BlockWindow& window, const std::vector<std::uint8_t>& region,
                       std::vector<std::uint8_t>& mask) {
  steps_[0] = 1;
  steps_[1] = window.width;
  steps_[2] = -1;
  steps_[3] = -window.width;
  find_pieces(mask);
  if (sizes_.size() < 2) return;
  const auto largest = std::max_element(sizes_.begin(), sizes_.end());
  least_ = (*largest + kPart - 1) / kPart;
  if (std::count_if(sizes_.begin(), sizes_.end(), [this](int size) { return size >= least_; }) < 2) return;
  // The first piece is the one that the others are joined to.
  const auto main = static_cast<int>(largest - sizes_.begin());
  for (int& piece : piece_) piece = piece == main ? 0 : piece == 0 ? main : piece;
  std::iter_swap(sizes_.begin(), largest);
  while (join_next(region, mask)) continue;
}

// Numbers them in reading order of their first blocks.
void PieceJoiner::find_pieces(const std::vector<std::uint8_t>& mask) {
  piece_.assign(mask.size(), kNone);
  sizes_.clear();
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] == 0 || piece_[i] != kNone) continue;
    const auto number = static_cast<int>(sizes_.size());
    queue_.assign(1, static_cast<int>(i));
    piece_[i] = number;
    for (std::size_t next = 0; next < queue_.size(); ++next) {
      for (const int step : steps_) {
        const auto neighbour = static_cast<std::size_t>(queue_[next] + step);
        if (mask[neighbour] == 0 || piece_[neighbour] != kNone) continue;
        piece_[neighbour] = number;
        queue_.push_back(static_cast<int>(neighbour));
      }
    }
    sizes_.push_back(static_cast<int>(queue_.size()));
  }
}

// Joins the nearest piece that is large enough to the first one; false where there is none.
bool PieceJoiner::join_next(const std::vector<std::uint8_t>& region, std::vector<std::uint8_t>& mask) {
  queue_.clear();
  came_from_.assign(mask.size(), kNone);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (piece_[i] != 0) continue;
    queue_.push_back(static_cast<int>(i));
    came_from_[i] = static_cast<int>(i);
  }
  for (std::size_t next = 0; next < queue_.size(); ++next) {
    const int block = queue_[next];
    for (const int step : steps_) {
      const auto neighbour = static_cast<std::size_t>(block + step);
      if (region[neighbour] == 0 || came_from_[neighbour] != kNone) continue;
      came_from_[neighbour] = block;
      queue_.push_back(static_cast<int>(neighbour));
      const int found = piece_[neighbour];
      if (found <= 0 || sizes_[static_cast<std::size_t>(found)] < least_) continue;
      for (int on = block; piece_[static_cast<std::size_t>(on)] != 0; on = came_from_[static_cast<std::size_t>(on)]) {
        mask[static_cast<std::size_t>(on)] = 1;
        piece_[static_cast<std::size_t>(on)] = 0;
      }
      for (int& piece : piece_) piece = piece == found ? 0 : piece;
      return true;
    }
  }
  return false;
}

}  // namespace capillaryx
