// SPDX-License-Identifier: Apache-2.0
#include "phantom/phantom.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

std::vector<std::uint8_t> bytes_of(const Phantom& phantom) {
  const PixelView& pixels = phantom.frame.pixels();
  return {pixels.data, pixels.data + pixels.stride_bytes * pixels.height};
}

PhantomOptions small(int width = 480, int height = 320) {
  PhantomOptions options;
  options.width = width;
  options.height = height;
  return options;
}

/// Even skin: everything off but what a test switches on.
PhantomOptions bare() {
  PhantomOptions options = small();
  visit_phantom_fields(options, [](const PhantomField& field, auto& value) {
    if (field.min == 0 && field.name != "seed") value = 0;
  });
  options.camera = 0;
  return options;
}

bool is_even(const std::vector<std::uint8_t>& rgb) {
  for (std::size_t i = 3; i < rgb.size(); ++i) {
    if (rgb[i] != rgb[i - 3]) return false;
  }
  return true;
}

TEST(Phantom, IsTheSameBytesEachTimeAndOnAnyThread) {
  const Phantom first = draw_phantom(small(), 3);
  std::vector<std::uint8_t> other;
  std::thread([&other] { other = bytes_of(draw_phantom(small(), 3)); }).join();
  EXPECT_EQ(bytes_of(first), other);
  EXPECT_NE(bytes_of(first), bytes_of(draw_phantom(small(), 4)));
  PhantomOptions reseeded = small();
  reseeded.seed = 2;
  EXPECT_NE(bytes_of(first), bytes_of(draw_phantom(reseeded, 3)));
}

TEST(Phantom, IsEvenSkinWhereEverythingIsOff) {
  const Phantom phantom = draw_phantom(bare(), 0);
  EXPECT_TRUE(is_even(bytes_of(phantom)));
  EXPECT_TRUE(phantom.capillaries.empty());
  const std::uint8_t* skin = phantom.frame.pixels().data;
  for (int c = 0; c < 3; ++c) EXPECT_NEAR(skin[c], 128, 25);
}

class Disturbance : public testing::TestWithParam<std::string> {};

TEST_P(Disturbance, AloneChangesThePictureAndAtZeroIsLeftOut) {
  PhantomOptions options = bare();
  visit_phantom_fields(options, [&](const PhantomField& field, auto& value) {
    if (field.name == GetParam())
      value = static_cast<std::remove_reference_t<decltype(value)>>(std::min(20.0, field.max));
  });
  bool changed = false;
  for (int index = 0; index < 12; ++index) {
    const Phantom phantom = draw_phantom(options, index);
    changed = changed || !is_even(bytes_of(phantom));
    EXPECT_TRUE(phantom.capillaries.empty());
  }
  EXPECT_TRUE(changed);
}

INSTANTIATE_TEST_SUITE_P(Each, Disturbance,
                         testing::Values("gradients", "folds", "hairs", "glare", "bubbles", "deep_vessels", "mottling",
                                         "specks", "noise", "mesh"),
                         [](const auto& info) { return info.param; });

// How much darker, in parts, the two columns at x are than those 20 px further towards the middle; the median of rows.
double darker_at(const Phantom& phantom, int x, int inwards) {
  const PixelView& pixels = phantom.frame.pixels();
  std::vector<double> of_rows;
  for (int y = 0; y < pixels.height; ++y) {
    double outer = 0, inner = 0;
    for (int i = 0; i < 8; ++i) {
      if (i < 2) outer += pixels.row(y)[3 * (x + i * inwards) + 1] / 2.0;
      inner += pixels.row(y)[3 * (x + (20 + i) * inwards) + 1] / 8.0;
    }
    of_rows.push_back(1 - outer / inner);
  }
  std::nth_element(of_rows.begin(), of_rows.begin() + pixels.height / 2, of_rows.end());
  return of_rows[static_cast<std::size_t>(pixels.height) / 2];
}

TEST(Phantom, LosesALittleLightTowardsItsLeftEdgeOnMostFrames) {
  PhantomOptions options = small(1920, 96);
  options.capillaries = options.folds = options.deep_vessels = options.specks = options.hairs = 0;
  int left = 0, right = 0;
  constexpr int kFrames = 24;
  for (int index = 0; index < kFrames; ++index) {
    const Phantom phantom = draw_phantom(options, index);
    const double at_left = darker_at(phantom, 0, 1), at_right = darker_at(phantom, options.width - 1, -1);
    left += at_left > 0.015 && at_left < 0.12 ? 1 : 0;
    right += at_right > 0.015 ? 1 : 0;
  }
  EXPECT_GE(left, kFrames / 2);
  EXPECT_LE(right, kFrames / 4);
}

TEST(Phantom, KeepsItsCapillariesWhereTheyAreWhateverElseIsDrawn) {
  const Phantom with = draw_phantom(small(), 5);
  PhantomOptions options = small();
  options.hairs = options.specks = options.glare = options.bubbles = options.mottling = options.folds = 0;
  options.noise = options.compression = options.gradients = options.deep_vessels = 0;
  const Phantom without = draw_phantom(options, 5);
  ASSERT_FALSE(with.capillaries.empty());
  ASSERT_EQ(with.capillaries.size(), without.capillaries.size());
  for (std::size_t i = 0; i < with.capillaries.size(); ++i) {
    EXPECT_EQ(with.capillaries[i].outline, without.capillaries[i].outline);
  }
}

TEST(Phantom, DrawsNothingDeepAsDarkAsTheFaintestCapillaryThatCountsHoweverMuchOfItThereIs) {
  PhantomOptions options = bare();
  const auto darkest_green = [&] {
    int darkest = 255;
    for (int index = 0; index < 4; ++index) {
      const Phantom phantom = draw_phantom(options, index);
      const std::uint8_t* rgb = phantom.frame.pixels().data;
      for (std::ptrdiff_t i = 0; i < std::ptrdiff_t{options.width} * options.height; ++i) {
        darkest = std::min<int>(darkest, rgb[3 * i + 1]);
      }
    }
    return darkest;
  };
  const int skin = darkest_green();
  options.deep_vessels = 10;
  const double density = std::log(static_cast<double>(skin) / darkest_green());
  EXPECT_GT(density, 0.03);
  EXPECT_LT(density, 0.06 * 1.08 + 1.0 / skin);  // the gain of a camera that is like all others; a grey value's step
}

TEST(Phantom, AsksForNoCapillaryThatIsBlurredAway) {
  PhantomOptions options = small();
  options.blur = 4;  // lenses of about 8 px
  int hardly = 0, sharp = 0;
  for (int index = 0; index < 6; ++index) {
    for (const PhantomCapillary& one : draw_phantom(options, index).capillaries) ++(one.cannot_tell ? hardly : sharp);
  }
  EXPECT_GT(hardly, sharp);
  options.blur = 9;
  for (int index = 0; index < 6; ++index) EXPECT_TRUE(draw_phantom(options, index).capillaries.empty());
}

TEST(Phantom, NamesFaintCapillariesAsUntellableAndIsSilentOnlyAboutTheFaintest) {
  PhantomOptions options = small();
  options.camera = 0;
  options.contrast = 0.5;
  constexpr double kGain = 1.08;  // of a camera that is like all others
  double faintest = 1, faintest_labelled = 1;
  for (int index = 0; index < 12; ++index) {
    for (const PhantomCapillary& one : draw_phantom(options, index).capillaries) {
      faintest = std::min(faintest, one.peak_density);
      if (!one.cannot_tell) faintest_labelled = std::min(faintest_labelled, one.peak_density);
    }
  }
  EXPECT_GE(faintest, 0.045 * kGain);
  EXPECT_LT(faintest, 0.05 * kGain);
  EXPECT_GE(faintest_labelled, 0.08 * kGain);
  EXPECT_LT(faintest_labelled, 0.09 * kGain);
}

TEST(Phantom, DrawsNoCapillaryWhereContrastOrNumberIsZero) {
  PhantomOptions options = small();
  options.contrast = 0;
  EXPECT_TRUE(draw_phantom(options, 1).capillaries.empty());
  options.contrast = 1;
  options.capillaries = 0;
  EXPECT_TRUE(draw_phantom(options, 1).capillaries.empty());
}

TEST(Phantom, DrawsMoreCapillariesAndDarkerOnesAsAsked) {
  const auto tell = [](const PhantomOptions& options) {
    int count = 0;
    for (int index = 0; index < 6; ++index) {
      for (const PhantomCapillary& one : draw_phantom(options, index).capillaries) count += one.cannot_tell ? 0 : 1;
    }
    return count;
  };
  PhantomOptions options = small();
  const int ordinary = tell(options);
  options.capillaries = 2;
  EXPECT_GT(tell(options), 1.3 * ordinary);
  options.capillaries = 1;
  options.contrast = 0.3;
  EXPECT_LT(tell(options), 0.6 * ordinary);
}

TEST(Phantom, TruthLiesInsideTheFrameAndAgreesWithItself) {
  for (int index = 0; index < 6; ++index) {
    const PhantomOptions options = small();
    for (const PhantomCapillary& one : draw_phantom(options, index).capillaries) {
      double left = 1e9;
      double top = 1e9;
      double right = -1e9;
      double bottom = -1e9;
      double area = 0;
      ASSERT_FALSE(one.outline.empty());
      for (const auto& polygon : one.outline) {
        ASSERT_EQ(polygon.size() % 2, 0U);
        ASSERT_GE(polygon.size(), 6U);
        for (std::size_t i = 0; i < polygon.size(); i += 2) {
          left = std::min<double>(left, polygon[i]);
          right = std::max<double>(right, polygon[i]);
          top = std::min<double>(top, polygon[i + 1]);
          bottom = std::max<double>(bottom, polygon[i + 1]);
          const std::size_t next = (i + 2) % polygon.size();
          area += 0.5 * (static_cast<double>(polygon[i]) * polygon[next + 1] -
                         static_cast<double>(polygon[next]) * polygon[i + 1]);
        }
      }
      EXPECT_GE(left, 0);
      EXPECT_GE(top, 0);
      EXPECT_LE(right, options.width);
      EXPECT_LE(bottom, options.height);
      EXPECT_NEAR(one.area_px, area, 1e-3 * area);
      EXPECT_NEAR(one.bbox[0], left, 1e-4);
      EXPECT_NEAR(one.bbox[1], top, 1e-4);
      EXPECT_NEAR(one.bbox[2], right - left, 1e-4);
      EXPECT_NEAR(one.bbox[3], bottom - top, 1e-4);
      EXPECT_GT(one.peak_density, 0.05);
    }
  }
}

TEST(Phantom, IsDarkerInsideItsOutlinesThanRoundThem) {
  PhantomOptions options = small();
  options.mottling = options.gradients = options.folds = options.deep_vessels = options.hairs = options.glare = 0;
  options.bubbles = options.specks = 0;
  const Phantom phantom = draw_phantom(options, 2);
  ASSERT_FALSE(phantom.capillaries.empty());
  const PixelView& pixels = phantom.frame.pixels();
  std::vector<int> green;
  for (int y = 0; y < pixels.height; ++y) {
    for (int x = 0; x < pixels.width; ++x) green.push_back(pixels.row(y)[3 * x + 1]);
  }
  std::nth_element(green.begin(), green.begin() + static_cast<std::ptrdiff_t>(green.size() / 2), green.end());
  const double skin = green[green.size() / 2];
  for (const PhantomCapillary& one : phantom.capillaries) {
    int darkest = 255;
    const int y1 = std::min(pixels.height, static_cast<int>(std::ceil(one.bbox[1] + one.bbox[3])));
    const int x1 = std::min(pixels.width, static_cast<int>(std::ceil(one.bbox[0] + one.bbox[2])));
    for (int y = static_cast<int>(one.bbox[1]); y < y1; ++y) {
      for (int x = static_cast<int>(one.bbox[0]); x < x1; ++x)
        darkest = std::min<int>(darkest, pixels.row(y)[3 * x + 1]);
    }
    EXPECT_LT(darkest, skin * std::exp(-0.6 * one.peak_density));
  }
}

TEST(Phantom, HasTheSameGeometryHoweverBlurredNoisyOrPaleTheFrame) {
  PhantomOptions options = small();
  const Phantom sharp = draw_phantom(options, 5);
  options.noise = 4;
  options.sharpening = 3;
  options.grey = options.narrow_band = options.inverted = 1;
  options.mesh = 3;
  const Phantom other = draw_phantom(options, 5);
  ASSERT_FALSE(sharp.capillaries.empty());
  ASSERT_EQ(sharp.capillaries.size(), other.capillaries.size());
  for (std::size_t i = 0; i < sharp.capillaries.size(); ++i) {
    EXPECT_EQ(sharp.capillaries[i].geometry, other.capillaries[i].geometry);
    EXPECT_EQ(sharp.capillaries[i].faint, other.capillaries[i].faint);
  }
}

TEST(Phantom, HasMoreFaintLimbsAndLessClearGeometryWhereLimbsFade) {
  const auto areas = [](double fading) {
    PhantomOptions options = small();
    options.fading = fading;
    double clear = 0;
    std::size_t faint = 0;
    for (int index = 0; index < 6; ++index) {
      for (const PhantomCapillary& one : draw_phantom(options, index).capillaries) {
        clear += one.geometry_area_px;
        faint += one.faint.size();
      }
    }
    return std::pair(clear, faint);
  };
  const auto [clear, faint] = areas(0);
  const auto [faded_clear, faded_faint] = areas(1);
  EXPECT_LT(faded_clear, 0.9 * clear);
  EXPECT_GT(faded_faint, faint);
}

TEST(Phantom, IsGreyFromAGreyscaleCameraAndUnderGreenLight) {
  for (const bool narrow_band : {false, true}) {
    PhantomOptions options = small();
    (narrow_band ? options.narrow_band : options.grey) = 1;
    const auto rgb = bytes_of(draw_phantom(options, 3));
    int apart = 0;
    for (std::size_t i = 0; i < rgb.size(); i += 3) {
      apart = std::max({apart, std::abs(rgb[i] - rgb[i + 1]), std::abs(rgb[i] - rgb[i + 2])});
    }
    // The codec quantises colour differences; a difference of 0 stays 0.
    EXPECT_LE(apart, 1);
  }
}

TEST(Phantom, HasVesselsBrighterThanTheSkinWhereInverted) {
  PhantomOptions options = small();
  options.noise = options.compression = options.camera = 0;
  const Phantom plain = draw_phantom(options, 2);
  options.inverted = 1;
  const Phantom inverted = draw_phantom(options, 2);
  const auto dark = bytes_of(plain), bright = bytes_of(inverted);
  for (std::size_t i = 1; i < dark.size(); i += 3) ASSERT_NEAR(dark[i] + bright[i], 255, 4);
}

TEST(Phantom, StandsItsHairpinsInRowsWhereAsked) {
  // Whether loops are higher than wide: rows run roughly along x, their loops across.
  const auto high = [](double rows) {
    PhantomOptions options = small(960, 640);
    options.rows = rows;
    double tall = 0, all = 0;
    for (int index = 0; index < 4; ++index) {
      for (const PhantomCapillary& one : draw_phantom(options, index).capillaries) {
        tall += one.bbox[3] > one.bbox[2] ? 1 : 0;
        ++all;
      }
    }
    return tall / all;
  };
  EXPECT_GT(high(1), 0.85);
  EXPECT_LT(high(0), 0.75);
}

TEST(Phantom, ComesInAnySize) {
  const int sizes[][2] = {{64, 64}, {65, 97}, {1021, 64}, {4096, 2160}};
  for (const auto& size : sizes) {
    const Phantom phantom = draw_phantom(small(size[0], size[1]), 0);
    EXPECT_EQ(phantom.frame.pixels().width, size[0]);
    EXPECT_EQ(phantom.frame.pixels().height, size[1]);
    EXPECT_EQ(phantom.frame.pixels().channels, 3);
  }
}

TEST(Phantom, RefusesWhatIsOutOfRangeByName) {
  PhantomOptions options;
  options.blur = std::nan("");
  try {
    draw_phantom(options, 0);
    FAIL() << "drew it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("blur"), std::string::npos);
  }
  options.blur = 1;
  options.width = 63;
  EXPECT_THROW(check_phantom_options(options), Error);
}

TEST(PhantomTruth, IsCocoThatHoldsWhatWasDrawn) {
  const PhantomOptions options = small();
  std::vector<PhantomTruth> truths;
  for (int index = 0; index < 2; ++index) {
    truths.push_back({"p" + std::to_string(index) + ".png", options.width, options.height,
                      draw_phantom(options, index).capillaries});
  }
  const auto coco = nlohmann::json::parse(phantom_truth_coco(options, truths));
  ASSERT_EQ(coco["images"].size(), 2U);
  EXPECT_EQ(coco["images"][1]["file_name"], "p1.png");
  EXPECT_EQ(coco["categories"][0]["name"], "capillary");
  EXPECT_EQ(coco["info"]["options"]["width"], options.width);
  ASSERT_EQ(coco["annotations"].size(), truths[0].capillaries.size() + truths[1].capillaries.size());
  std::size_t k = 0;
  for (std::size_t i = 0; i < truths.size(); ++i) {
    for (const PhantomCapillary& one : truths[i].capillaries) {
      const auto& annotation = coco["annotations"][k++];
      EXPECT_EQ(annotation["image_id"], coco["images"][i]["id"]);
      EXPECT_EQ(annotation["category_id"], 1);
      EXPECT_EQ(annotation["iscrowd"], one.cannot_tell ? 1 : 0);
      EXPECT_NEAR(annotation["area"].get<double>(), one.area_px, 0.01);
      EXPECT_NEAR(annotation["bbox"][2].get<double>(), one.bbox[2], 0.01);
      ASSERT_EQ(annotation["segmentation"].size(), one.outline.size());
      EXPECT_EQ(annotation["segmentation"][0].size(), one.outline[0].size());
    }
  }
}

}  // namespace
}  // namespace capillaryx
