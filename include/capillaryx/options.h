// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace capillaryx {

enum class ExecutorKind { kDriver, kRouter, kSerial, kRay };
enum class WorkerKind { kProcess, kThread };
enum class WhenBehind { kWait, kDropOldest, kDropNewest };
enum class OverlayFormat { kJpg, kPng };
/// Which frames have a plain JPEG in pictures/: none; those that a browser cannot show from the input file; all.
enum class Pictures { kNone, kNeeded, kAll };
enum class InferencePrecision { kF32, kBf16 };

/// Name and content of a network.
struct ModelIdentity {
  std::string name;
  std::string sha256;
};

/// Every setting of a run. One list: the command line's flags, the run line of results.jsonl, Python's keywords and the
/// table in docs/options.md all come from `visit_fields` below. A plain value.
struct Options {
  // --- what is analysed
  std::int64_t frames = 0;
  std::int64_t repeat = 1;
  std::int64_t every = 1;
  std::optional<double> scale_um_per_px;
  double magnification = 0;
  std::int64_t max_pixels = 100'000'000;
  std::string roi;
  std::string clips;
  bool keep_unusable = false;

  // --- how
  ExecutorKind executor = ExecutorKind::kDriver;
  std::int64_t workers = 0;
  WorkerKind worker_kind = WorkerKind::kProcess;
  std::string worker_command;
  std::string model;
  InferencePrecision inference_precision = InferencePrecision::kF32;
  std::string analyzer = "capillary";
  std::string ray_address;

  // --- limits
  double timeout_s = 60;
  std::int64_t max_attempts = 3;
  std::int64_t memory_limit_mb = 0;
  WhenBehind when_behind = WhenBehind::kWait;
  double max_wait_ms = 100;
  double pace_fps = 0;
  bool sandbox = true;

  // --- output
  bool resume = false;
  bool force = false;
  bool stages = false;
  bool overlays = true;
  OverlayFormat overlay_format = OverlayFormat::kJpg;
  Pictures pictures = Pictures::kNeeded;
  std::string status_file;
  std::string csv_separator = ",";

  // --- the study (docs/statistics.md)
  std::string levels = "subject,visit";
  std::string compare = "visit,condition";

  // --- the algorithm (docs/analysis.md has each one's source)
  std::int64_t window_px = 120;
  std::int64_t mixture_components = 3;
  double surround_sigma_px = 32;
  double ssim_sigma_px = 4;
  double region_darkness = 1.75;
  double min_darkness = 2.5;
  double min_structure = 2.25;
  double split_ratio = 0.3;
  double foot_ratio = 0.15;
  double min_area_px = 60;
  double max_area_px = 30'000;
  double max_length_px = 300;
  std::int64_t max_rois = 400;
  double prior_regions = 1;
  double min_score = 0.5;
  double min_depth = 0.06;
};

/// What a field is, for whoever shows or reads it.
struct FieldInfo {
  std::string_view name;   ///< snake_case; the flag is the same with dashes
  std::string_view group;  ///< "what", "how", "limits", "output", "study", "algorithm"
  bool changes_results;    ///< belongs to the run line's `options`
  std::string_view help;   ///< one line; unit and default included where they matter
  double min = 0;          ///< smallest value allowed (numbers)
  double max = 0;          ///< largest value allowed (numbers)
};

/// Calls `visit(FieldInfo, field)` for every field of `options`, in the order above.
template <class AnyOptions, class Visitor>
void visit_fields(AnyOptions& options, Visitor&& visit) {
  constexpr double kMany = 1e15;
  visit(FieldInfo{"frames", "what", true, "stop after N frames (0: all)", 0, kMany}, options.frames);
  visit(FieldInfo{"repeat", "what", true, "go through the inputs N times", 1, kMany}, options.repeat);
  visit(FieldInfo{"every", "what", true, "of a video, analyse every N-th frame", 1, 1e9}, options.every);
  visit(FieldInfo{"scale_um_per_px", "what", true, "micrometres a pixel; no default, lengths stay in px without", 1e-6,
                  1e6},
        options.scale_um_per_px);
  visit(FieldInfo{"magnification", "what", true,
                  "size of the vessels beside those that the analysis is made for (0: found for each frame)", 0, 16},
        options.magnification);
  visit(FieldInfo{"max_pixels", "what", true, "refuse larger pictures (default 100 million)", 1, 4e9},
        options.max_pixels);
  visit(FieldInfo{"roi", "what", true, "measure only this part of each frame: X,Y,WIDTH,HEIGHT, px", 0, 0},
        options.roi);
  visit(
      FieldInfo{"clips", "what", true, "a folder given as input: the pictures of each folder in it are one clip", 0, 0},
      options.clips);
  visit(FieldInfo{"keep_unusable", "what", true, "frames that are not usable enter means and clips too", 0, 0},
        options.keep_unusable);

  visit(FieldInfo{"executor", "how", false, "driver, router, serial or ray", 0, 0}, options.executor);
  visit(FieldInfo{"workers", "how", false, "workers (0: one a core)", 0, 100'000}, options.workers);
  visit(FieldInfo{"worker_kind", "how", false, "process or thread", 0, 0}, options.worker_kind);
  visit(
      FieldInfo{"worker_command", "how", false,
                "what starts a worker process: words, or a JSON array of them (default: the capillaryx program)", 0, 0},
      options.worker_command);
  visit(FieldInfo{"model", "how", false, "your own network (default: the one shipped)", 0, 0}, options.model);
  visit(FieldInfo{"inference_precision", "how", true,
                  "inference precision: f32, or bf16 (faster; needs a processor with AVX-512 BF16 or AMX)", 0, 0},
        options.inference_precision);
  visit(FieldInfo{"analyzer", "how", true, "the algorithm: a name, lib:FILE or python:PACKAGE.CLASS", 0, 0},
        options.analyzer);
  visit(FieldInfo{"ray_address", "how", false, "address of a Ray cluster", 0, 0}, options.ray_address);

  visit(FieldInfo{"timeout_s", "limits", false, "seconds that one frame may take", 1e-3, 1e6}, options.timeout_s);
  visit(FieldInfo{"max_attempts", "limits", false, "times that a frame is tried when workers die", 1, 1000},
        options.max_attempts);
  visit(FieldInfo{"memory_limit_mb", "limits", false, "memory of one worker, MB (0: no limit)", 0, 1e9},
        options.memory_limit_mb);
  visit(FieldInfo{"when_behind", "limits", false, "live: wait, drop_oldest or drop_newest", 0, 0}, options.when_behind);
  visit(FieldInfo{"max_wait_ms", "limits", false,
                  "live: ms that a frame may wait for a worker before one is dropped, as when_behind says", 0, 1e6},
        options.max_wait_ms);
  visit(FieldInfo{"pace_fps", "limits", false,
                  "play the inputs at FPS frames per second, as a camera would (0: as fast as possible)", 0, 1e6},
        options.pace_fps);
  visit(FieldInfo{"sandbox", "limits", false, "lock workers down", 0, 0}, options.sandbox);

  visit(FieldInfo{"resume", "output", false, "resume the interrupted run of an output folder", 0, 0}, options.resume);
  visit(FieldInfo{"force", "output", false, "replace the results in an output folder", 0, 0}, options.force);
  visit(FieldInfo{"stages", "output", false, "write the pictures of every stage (paper, Fig. 2)", 0, 0},
        options.stages);
  visit(FieldInfo{"overlays", "output", false, "draw the overlays", 0, 0}, options.overlays);
  visit(FieldInfo{"overlay_format", "output", false, "jpg or png (png costs 50-100 ms per frame)", 0, 0},
        options.overlay_format);
  visit(FieldInfo{"pictures", "output", false,
                  "plain JPEGs of: none; needed (frames that a browser cannot show from the input file); all", 0, 0},
        options.pictures);
  visit(FieldInfo{"status_file", "output", false, "rewrite FILE (JSON) once a second with where the run stands", 0, 0},
        options.status_file);
  visit(FieldInfo{"csv_separator", "output", false, "what separates the cells of results.csv: , ; or tab", 0, 0},
        options.csv_separator);

  visit(FieldInfo{"levels", "study", false,
                  "columns of the study that means are made over, from the outermost (the independent unit) inwards", 0,
                  0},
        options.levels);
  visit(FieldInfo{"compare", "study", false, "columns of the study whose labels are compared", 0, 0}, options.compare);

  visit(FieldInfo{"window_px", "algorithm", true, "side of a background window, px", 16, 4096}, options.window_px);
  visit(FieldInfo{"mixture_components", "algorithm", true, "Gaussians of the background mixture", 1, 8},
        options.mixture_components);
  visit(FieldInfo{"surround_sigma_px", "algorithm", true,
                  "sigma of the blur of what is added to the mixture's background, px", 8, 1024},
        options.surround_sigma_px);
  visit(FieldInfo{"ssim_sigma_px", "algorithm", true, "sigma of the SSIM window, px", 1.5, 64}, options.ssim_sigma_px);
  visit(FieldInfo{"region_darkness", "algorithm", true,
                  "a region's pixels are this much darker than the background, spreads of the frame", 0.5, 100},
        options.region_darkness);
  visit(
      FieldInfo{"min_darkness", "algorithm", true, "a region's darkest place is at least this dark, spreads", 0.5, 100},
      options.min_darkness);
  visit(FieldInfo{"min_structure", "algorithm", true, "SSIM's variance somewhere in a region, times the frame's median",
                  1, 1e6},
        options.min_structure);
  visit(FieldInfo{"split_ratio", "algorithm", true,
                  "regions that meet below this part of the fainter one's peak are two; small ones below a third of it",
                  0, 1},
        options.split_ratio);
  visit(FieldInfo{"foot_ratio", "algorithm", true, "a region ends at this part of its peak", 0, 1}, options.foot_ratio);
  visit(FieldInfo{"min_area_px", "algorithm", true, "smallest region, px", 1, 1e9}, options.min_area_px);
  visit(FieldInfo{"max_area_px", "algorithm", true, "largest region, px", 1, 1e9}, options.max_area_px);
  visit(FieldInfo{"max_length_px", "algorithm", true, "longest side of a region's box, px", 8, 4096},
        options.max_length_px);
  visit(FieldInfo{"max_rois", "algorithm", true, "most regions of a frame that go to the network", 1, 100'000},
        options.max_rois);
  visit(FieldInfo{"prior_regions", "algorithm", true,
                  "regions of the usual share of capillaries that a frame's own share is weighed against; many: each "
                  "region stands alone",
                  0, 1e9},
        options.prior_regions);
  visit(FieldInfo{"min_score", "algorithm", true, "smallest probability that counts as a capillary", 0, 1},
        options.min_score);
  visit(FieldInfo{"min_depth", "algorithm", true,
                  "smallest optical density of a capillary's darkest place over what is around it", 0, 10},
        options.min_depth);
}

/// Throws Error (kUsage) that names the first field out of its range.
void check_options(const Options& options);

/// Options::roi as x, y, width, height; absent if none is given. Throws Error (kUsage) on any other text.
std::optional<std::array<int, 4>> parse_roi(const std::string& text);

/// Names as they stand on the command line. The readers return nothing on an unknown name.
const char* to_string(ExecutorKind value);
const char* to_string(WorkerKind value);
const char* to_string(WhenBehind value);
const char* to_string(OverlayFormat value);
const char* to_string(Pictures value);
const char* to_string(InferencePrecision value);
bool from_string(std::string_view name, ExecutorKind& value);
bool from_string(std::string_view name, WorkerKind& value);
bool from_string(std::string_view name, WhenBehind& value);
bool from_string(std::string_view name, OverlayFormat& value);
bool from_string(std::string_view name, Pictures& value);
bool from_string(std::string_view name, InferencePrecision& value);

}  // namespace capillaryx
