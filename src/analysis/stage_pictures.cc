// SPDX-License-Identifier: Apache-2.0
#include "analysis/stage_pictures.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "overlay/overlay.h"

namespace capillaryx {
namespace {

StagePicture blank(const char* name, const PixelView& frame) {
  StagePicture picture{name, frame.width, frame.height, 3, {}};
  picture.pixels.resize(static_cast<std::size_t>(frame.width) * static_cast<std::size_t>(frame.height) * 3);
  return picture;
}

void set(StagePicture& picture, int x, int y, int red, int green, int blue) {
  std::uint8_t* pixel =
      picture.pixels.data() +
      (static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) + static_cast<std::size_t>(x)) * 3;
  pixel[0] = static_cast<std::uint8_t>(red);
  pixel[1] = static_cast<std::uint8_t>(green);
  pixel[2] = static_cast<std::uint8_t>(blue);
}

PixelView view(const StagePicture& picture) {
  return {picture.pixels.data(), picture.width, picture.height, 3, static_cast<std::ptrdiff_t>(picture.width) * 3};
}

StagePicture background_picture(const PixelView& frame, const Background& background) {
  StagePicture picture = blank("b_background", frame);
  std::vector<std::int16_t> line(static_cast<std::size_t>(frame.width));
  for (int y = 0; y < frame.height; ++y) {
    std::uint8_t* out = picture.pixels.data() + static_cast<std::size_t>(y) * line.size() * 3;
    for (int c = 0; c < 3; ++c) {
      background.row(background.channels() == 3 ? c : 0, y, 0, frame.width, line.data());
      for (std::size_t x = 0; x < line.size(); ++x) {
        out[3 * x + static_cast<std::size_t>(c)] = static_cast<std::uint8_t>(line[x] / Background::kOne);
      }
    }
  }
  return picture;
}

StagePicture segmentation_picture(const PixelView& frame, const Darkness& darkness, const Rois& rois) {
  StagePicture picture = blank("c_segmentation", frame);
  // Ten spreads of darkness fill the upper half of the greys.
  const float gain = 127.0F / (10 * darkness.robust_sd * Darkness::kFineOne);
  for (int y = 0; y < frame.height; ++y) {
    const std::int16_t* row =
        darkness.smooth.data() + static_cast<std::ptrdiff_t>(std::min(y / 2, darkness.height - 1)) * darkness.width;
    for (int x = 0; x < frame.width; ++x) {
      const auto grey = std::clamp(
          static_cast<int>(128 + gain * static_cast<float>(row[std::min(x / 2, darkness.width - 1)])), 0, 255);
      set(picture, x, y, grey, grey, grey);
    }
  }
  for (const Roi& roi : rois.rois) {
    if (roi.within >= 0) continue;
    for (int i = roi.first_run; i < roi.first_run + roi.run_count; ++i) {
      const Run& run = rois.runs[static_cast<std::size_t>(i)];
      std::uint8_t* pixel =
          picture.pixels.data() +
          (static_cast<std::size_t>(run.y) * static_cast<std::size_t>(frame.width) + static_cast<std::size_t>(run.x)) *
              3;
      for (int x = 0; x < run.length; ++x, pixel += 3) {
        pixel[1] = static_cast<std::uint8_t>(pixel[1] / 2);
        pixel[2] = static_cast<std::uint8_t>(pixel[2] / 2);
      }
    }
  }
  return picture;
}

StagePicture ssim_picture(const PixelView& frame, const SsimMap& ssim, int structure_threshold) {
  constexpr int kStepPx = 2 * SsimMap::kStep;
  StagePicture picture = blank("d_ssim", frame);
  for (int y = 0; y < frame.height; ++y) {
    const std::int16_t* row = ssim.row(std::min(y / kStepPx, ssim.height() - 1));
    for (int x = 0; x < frame.width; ++x) {
      const int value = row[std::min(x / kStepPx, ssim.width() - 1)];
      const int grey = std::clamp(value * 255 / SsimMap::kOne, 0, 255);
      const bool structure = value < structure_threshold;
      set(picture, x, y, structure ? 255 : grey, grey, grey);
    }
  }
  return picture;
}

}  // namespace

std::vector<StagePicture> draw_stages(const PixelView& frame, const Background& background, const Darkness& darkness,
                                      const SsimMap& ssim, int structure_threshold, const Rois& rois,
                                      const FrameResult& result) {
  std::vector<StagePicture> pictures;
  StagePicture plain = blank("a_frame", frame);
  draw_overlay(frame, FrameResult{}, plain.pixels);
  pictures.push_back(std::move(plain));
  pictures.push_back(background_picture(frame, background));
  pictures.push_back(segmentation_picture(frame, darkness, rois));
  pictures.push_back(ssim_picture(frame, ssim, structure_threshold));
  StagePicture regions = blank("e_regions", frame);
  draw_overlay(view(pictures[1]), result, regions.pixels);
  pictures.push_back(std::move(regions));
  StagePicture overlay = blank("f_overlay", frame);
  draw_overlay(frame, result, overlay.pixels);
  pictures.push_back(std::move(overlay));
  return pictures;
}

}  // namespace capillaryx
