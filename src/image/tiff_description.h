// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/tiff_directory.h"

namespace capillaryx {

/// What the text in the first page of a TIFF says of all of its pages (OME's XML, ImageJ's lines).
struct TiffDescription {
  struct Frame {
    std::vector<std::int64_t> planes;  ///< places in the file of its channels; -1: not in this file
    std::optional<double> time_s;
  };
  std::string scale_from;     ///< "tiff:ome" or "tiff:imagej"; empty: the text is of neither kind
  std::vector<Frame> frames;  ///< empty: the text does not say
  std::int64_t images = 0;    ///< planes that should be in the file (ImageJ), 0: not said
  std::optional<double> scale_um_per_px;
  std::optional<std::array<double, 2>> stated_range;
  std::string stated_by;
  bool display = false;     ///< see ValueFacts
  double value_offset = 0;  ///< added to each stored value
  std::vector<std::string> notes;
};

/// Reads the description of `pages.pages[0]`. Never throws for what it says: what makes no sense is left out.
TiffDescription describe_tiff(const TiffDirectories& pages);

}  // namespace capillaryx
