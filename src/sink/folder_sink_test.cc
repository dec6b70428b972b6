// SPDX-License-Identifier: Apache-2.0
#include "sink/folder_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "capillaryx/error.h"
#include "frontend/frontend.h"
#include "image/image.h"
#include "sink/output_folder.h"
#include "sink/report_data.h"
#include "sink/results_index.h"
#include "sink/results_reader.h"

namespace capillaryx {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sink-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    out_ = root_ / "out";
    identity_ = {"0.1.0", "abc", "capillary", "1", {"net", std::string(64, 'b')}, {"frames"}, "serial", 1};
  }
  void TearDown() override { fs::remove_all(root_); }

  static FrameResult result(std::int64_t index, const std::string& source = "p1/f.png") {
    FrameResult frame;
    frame.index = index;
    frame.source = frame.file = source;
    frame.width = frame.height = 100;
    frame.valid_px = 10'000;
    frame.density = 0.01 * static_cast<double>(index % 50 + 1);
    Capillary capillary;
    capillary.bbox = {10, 10, 10, 10};
    capillary.polygon = {10, 10, 20, 10, 20, 20, 10, 20};
    capillary.area_px = 100;
    capillary.score = 0.9;
    frame.capillaries = {capillary};
    return frame;
  }

  /// As an executor does: pictures drawn, then the result.
  static void put(FolderSink& sink, FrameResult frame) {
    FrameInfo info;
    info.index = frame.index;
    info.source = frame.source;
    info.file = frame.file;
    info.page = frame.page;
    const FrameFiles files = sink.files(info);
    for (const auto& file : {files.overlay, files.picture}) {
      if (!file || frame.status != Status::kOk) continue;
      ASSERT_EQ(::pwrite(file->descriptor(), "picture", 7, 0), 7);
    }
    sink.write(std::move(frame));
  }

  void run_whole(int frames) {
    FolderSink sink(out_, options_, identity_);
    for (std::int64_t i = sink.frames_present(); i < frames; ++i) put(sink, result(i));
    sink.finish({{"notes.txt", "not a picture"}}, 1.5);
  }

  std::string error_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kOutput);
      return error.what();
    }
    return "";
  }
  std::string open_error() {
    return error_of([this] { FolderSink sink(out_, options_, identity_); });
  }

  std::string text(const fs::path& name) const {
    std::ostringstream all;
    all << std::ifstream(out_ / name, std::ios::binary).rdbuf();
    return all.str();
  }
  std::vector<std::string> names(const fs::path& folder) const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(out_ / folder)) found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
  }
  std::string without_timing(const fs::path& file) const {
    std::istringstream lines(text(file));
    std::string all;
    for (std::string line; std::getline(lines, line);) {
      auto object = nlohmann::json::parse(line);
      object.erase("timing");
      all += object.dump() + "\n";
    }
    return all;
  }

  fs::path root_;
  fs::path out_;
  Options options_;
  RunIdentity identity_;
};

TEST_F(Folder, HoldsARunLineTheFramesAndASummary) {
  run_whole(3);
  const JournalState state = read_journal(out_ / "results.jsonl", {});
  EXPECT_EQ(state.frames, 3);
  EXPECT_EQ(state.run["options"]["min_score"], 0.5);
  EXPECT_FALSE(state.run["options"].contains("workers"));
  EXPECT_EQ(state.run["host"]["workers"], 1);
  EXPECT_EQ(state.run["model"]["sha256"], std::string(64, 'b'));
  EXPECT_NEAR(state.summary["mean_density"].get<double>(), 0.02, 1e-12);
  EXPECT_EQ(state.summary["subfolders"][0]["name"], "p1");
  EXPECT_EQ(state.summary["skipped"]["first"][0]["source"], "notes.txt");
  EXPECT_THAT(names("overlays"), ElementsAre("000000_f.jpg", "000001_f.jpg", "000002_f.jpg"));
  EXPECT_THAT(text("results.csv"), HasSubstr("\r\n0,p1/f.png,ok,,100,100,1,0.01,,,100,0.9,"));
  const auto coco = nlohmann::json::parse(text("coco.json"));
  ASSERT_EQ(coco["images"].size(), 3U);
  EXPECT_EQ(coco["images"][2]["id"], 3);
  EXPECT_EQ(coco["images"][2]["width"], 100);
  ASSERT_EQ(coco["annotations"].size(), 3U);
  EXPECT_EQ(coco["annotations"][2]["id"], 3);
  EXPECT_EQ(coco["annotations"][2]["image_id"], 3);
  EXPECT_EQ(coco["annotations"][2]["score"], 0.9);
  EXPECT_EQ(coco["categories"][0]["name"], "capillary");
}

TEST_F(Folder, KeepsNoOverlayOfAFailedFrame) {
  FolderSink sink(out_, options_, identity_);
  FrameResult failed = result(0);
  failed.status = Status::kFailed;
  failed.error = "zero bytes";
  put(sink, failed);
  put(sink, result(1));
  EXPECT_THAT(names("overlays"), ElementsAre("000001_f.jpg"));
}

TEST_F(Folder, HasNoOverlaysWhereNoneAreAskedFor) {
  options_.overlays = false;
  run_whole(1);
  EXPECT_FALSE(fs::exists(out_ / "overlays"));
}

TEST_F(Folder, HasPlainPicturesOfFramesThatNoBrowserShows) {
  const auto run = [this] {
    FolderSink sink(out_, options_, identity_);
    put(sink, result(0, "a.png"));
    put(sink, result(1, "b.tif"));
    FrameResult page = result(2, "c.png");
    page.page = 0;
    InputInfo input;
    input.file = "c.png";
    input.sha256 = std::string(64, 'a');
    input.kind = FileKind::kStack;
    page.input = std::make_shared<const InputInfo>(input);
    put(sink, page);
    sink.finish({}, 1);
  };
  run();
  EXPECT_THAT(names("pictures"), ElementsAre(picture_stem(1, "b.tif") + ".jpg", picture_stem(2, "c.png") + ".jpg"));
  options_.force = true;
  options_.pictures = Pictures::kAll;
  run();
  EXPECT_EQ(names("pictures").size(), 3U);
  options_.pictures = Pictures::kNone;
  run();
  EXPECT_FALSE(fs::exists(out_ / "pictures"));
}

TEST_F(Folder, RefusesAResultWithANumberThatIsNone) {
  FolderSink sink(out_, options_, identity_);
  FrameResult frame = result(0);
  frame.density = std::nan("");
  put(sink, frame);
  frame = result(1);
  frame.values["spots"] = INFINITY;
  put(sink, frame);
  std::vector<FrameResult> read;
  read_journal(out_ / "results.jsonl", [&](const FrameResult& each) { read.push_back(each); });
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].status, Status::kFailed);
  EXPECT_THAT(read[0].error, HasSubstr("density"));
  EXPECT_THAT(read[1].error, HasSubstr("spots"));
  EXPECT_TRUE(names("overlays").empty());
}

TEST_F(Folder, IsRefusedWhereItHoldsResultsOrOtherFiles) {
  run_whole(1);
  EXPECT_THAT(open_error(), HasSubstr("--resume"));
  fs::remove_all(out_);
  fs::create_directory(out_);
  std::ofstream(out_ / "thesis.doc") << "years of work";
  EXPECT_THAT(open_error(), HasSubstr("not empty"));
  options_.resume = true;
  EXPECT_THAT(open_error(), HasSubstr("no results.jsonl"));
  options_.resume = false;
  options_.force = true;
  EXPECT_EQ(open_error(), "");
  EXPECT_EQ(text("thesis.doc"), "years of work");
}

TEST_F(Folder, IsReplacedByForceAndWhatIsForeignStays) {
  run_whole(5);
  std::ofstream(out_ / "notes.txt") << "mine";
  std::ofstream(out_ / "overlays" / "drawing.jpg") << "mine";
  options_.force = true;
  options_.min_score = 0.7;
  run_whole(2);
  EXPECT_EQ(read_journal(out_ / "results.jsonl", {}).frames, 2);
  EXPECT_THAT(names("overlays"), ElementsAre("000000_f.jpg", "000001_f.jpg", "drawing.jpg"));
  EXPECT_EQ(text("notes.txt"), "mine");
}

TEST_F(Folder, KeepsForeignFilesOfOurNamesEvenWithForce) {
  fs::create_directory(out_);
  std::ofstream(out_ / "results.csv") << "mine";
  options_.force = true;
  EXPECT_THAT(open_error(), HasSubstr("left alone"));
  EXPECT_EQ(text("results.csv"), "mine");
  fs::remove(out_ / "results.csv");
  std::ofstream(out_ / "results.jsonl") << "{\"loss\":0.5}\n";
  EXPECT_THAT(open_error(), HasSubstr("left alone"));
  EXPECT_EQ(text("results.jsonl"), "{\"loss\":0.5}\n");
}

TEST_F(Folder, HoldsAnInputLineBeforeTheFirstFrameOfAFileWithSeveral) {
  const auto video = std::make_shared<InputInfo>();
  video->file = "clip.avi";
  video->kind = FileKind::kVideo;
  video->fps = 25;
  const auto page = [&](std::int64_t index, std::int64_t number) {
    FrameResult frame = result(index, "clip.avi#" + std::to_string(number));
    frame.file = "clip.avi";
    frame.page = number;
    frame.input = video;
    return frame;
  };
  const auto run_from = [&](std::int64_t first) {
    FolderSink sink(out_, options_, identity_);
    EXPECT_EQ(sink.frames_present(), first);
    // The file comes again, as under --repeat: it has one line.
    const std::vector<FrameResult> frames{result(0), page(1, 0), page(2, 1), result(3), page(4, 0)};
    for (std::size_t i = static_cast<std::size_t>(first); i < frames.size(); ++i) put(sink, frames[i]);
    sink.finish({}, 1);
  };
  options_.scale_um_per_px = 0.5;
  run_from(0);
  const std::string whole = without_timing("results.jsonl");
  std::vector<std::string> kinds;
  std::istringstream lines(text("results.jsonl"));
  for (std::string line; std::getline(lines, line);) kinds.push_back(nlohmann::json::parse(line)["type"]);
  EXPECT_THAT(kinds, ElementsAre("run", "frame", "input", "frame", "frame", "clip", "frame", "frame", "summary"));
  const auto state = read_journal(out_ / "results.jsonl", {});
  EXPECT_EQ(state.inputs.at("clip.avi")->scale_from, "option");
  EXPECT_EQ(state.summary["subfolders"][0]["name"], "clip.avi");
  EXPECT_EQ(read_frame(out_, 4).input->fps, 25);
  EXPECT_FALSE(read_frame(out_, 3).input);
  EXPECT_THROW(read_frame(out_, 5), Error);
  EXPECT_THROW(read_frame(out_, -1), Error);

  // Cut behind the input line, and behind the first page.
  options_.resume = true;
  const std::string journal = text("results.jsonl");
  const std::size_t input_at = journal.find("{\"type\":\"input\"");
  const std::size_t page_at = journal.find('\n', input_at) + 1;
  const std::size_t next_at = journal.find('\n', page_at) + 1;
  for (const auto& [cut, present] : {std::pair{input_at + 5, 1}, {page_at, 1}, {next_at, 2}}) {
    std::ofstream(out_ / "results.jsonl", std::ios::binary | std::ios::trunc) << journal.substr(0, cut);
    run_from(present);
    EXPECT_EQ(without_timing("results.jsonl"), whole);
  }
}

TEST_F(Folder, SaysTheHashOfItsLinesWithoutTimingAndHost) {
  run_whole(3);
  std::string content;
  std::istringstream lines(text("results.jsonl"));
  nlohmann::json summary;
  for (std::string line; std::getline(lines, line);) {
    summary = nlohmann::json::parse(line);
    if (summary["type"] != "summary") content += comparable(line) + "\n";
  }
  EXPECT_EQ(summary["content_sha256"],
            sha256_hex({reinterpret_cast<const std::uint8_t*>(content.data()), content.size()}));
}

TEST_F(Folder, GivesOneFrameOfManyByItsIndex) {
  options_.overlays = false;
  constexpr int kFrames = 20'000;
  run_whole(kFrames);
  for (const int index : {0, 1, kFrames / 2, kFrames - 1}) {
    const auto start = std::chrono::steady_clock::now();
    const FrameResult frame = read_frame(out_, index);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(5));
    EXPECT_EQ(frame.index, index);
    EXPECT_EQ(frame.capillaries.size(), 1U);
  }
  // Another run's index is not followed.
  std::ofstream(out_ / "results.index", std::ios::binary) << std::string(15, '0') + " " + std::string(15, '0') + "\n";
  EXPECT_THROW(read_frame(out_, 0), Error);
}

TEST_F(Folder, GoesOnAfterACutAtAnyByteToTheSameBytes) {
  run_whole(3);
  const std::string whole = without_timing("results.jsonl");
  const std::string journal = text("results.jsonl");
  const std::string csv = text("results.csv");
  options_.resume = true;
  for (std::size_t cut = 0; cut < journal.size(); cut += 97) {
    fs::remove(out_ / "results.csv");
    fs::remove(out_ / "coco.json");
    std::ofstream(out_ / "results.jsonl", std::ios::binary | std::ios::trunc) << journal.substr(0, cut);
    std::ofstream(out_ / "overlays" / ".000002_f.jpg.partial") << "half";
    std::ofstream(out_ / "overlays" / "000009_g.jpg") << "of a frame whose line was lost";
    run_whole(3);
    ASSERT_EQ(without_timing("results.jsonl"), whole) << cut;
    ASSERT_EQ(text("results.csv"), csv) << cut;
    ASSERT_THAT(names("overlays"), ElementsAre("000000_f.jpg", "000001_f.jpg", "000002_f.jpg")) << cut;
  }
}

TEST_F(Folder, HasNothingLeftToDoWhereTheRunIsFinished) {
  run_whole(3);
  const std::string journal = text("results.jsonl");
  fs::remove(out_ / "coco.json");
  options_.resume = true;
  FolderSink sink(out_, options_, identity_);
  EXPECT_TRUE(sink.finished());
  EXPECT_EQ(sink.frames_present(), 3);
  sink.finish({}, 1);
  EXPECT_EQ(text("results.jsonl"), journal);
  EXPECT_TRUE(fs::exists(out_ / "coco.json"));
}

TEST_F(Folder, RefusesToGoOnWithOtherWorkAndSaysWhatDiffers) {
  {
    FolderSink sink(out_, options_, identity_);
    put(sink, result(0));
  }
  const std::string before = text("results.jsonl");
  options_.resume = true;
  options_.min_score = 0.6;
  EXPECT_THAT(open_error(), HasSubstr("min_score was 0.5, is now 0.6"));
  options_.min_score = 0.5;
  options_.scale_um_per_px = 0.7;
  EXPECT_THAT(open_error(), HasSubstr("scale_um_per_px was not given, is now 0.7"));
  options_.scale_um_per_px.reset();
  identity_.model.sha256 = std::string(64, 'c');
  EXPECT_THAT(open_error(), HasSubstr("model/sha256"));
  identity_.model.sha256 = std::string(64, 'b');
  identity_.inputs = {"other"};
  EXPECT_THAT(open_error(), HasSubstr("inputs was [\"frames\"], is now [\"other\"]"));
  identity_.inputs = {"frames"};
  options_.workers = 7;
  identity_.workers = 7;
  identity_.executor = "driver";
  EXPECT_EQ(open_error(), "");
  EXPECT_EQ(text("results.jsonl"), before);
}

TEST_F(Folder, IsWrittenByOneRunAtATime) {
  FolderSink sink(out_, options_, identity_);
  options_.resume = true;
  EXPECT_THAT(open_error(), HasSubstr("another run"));
}

TEST_F(Folder, IsNeverWrittenThroughLinks) {
  const fs::path elsewhere = root_ / "elsewhere";
  fs::create_directory(elsewhere);
  std::ofstream(elsewhere / "results.jsonl") << "{\"type\":\"run\",\"schema\":1}\n";
  std::ofstream(elsewhere / "000000_f.jpg") << "mine";
  fs::create_directory(out_);
  fs::create_symlink(elsewhere / "results.jsonl", out_ / "results.jsonl");
  options_.force = true;
  EXPECT_THAT(open_error(), HasSubstr("links"));
  fs::remove(out_ / "results.jsonl");
  run_whole(1);
  fs::remove_all(out_ / "overlays");
  fs::create_directory_symlink(elsewhere, out_ / "overlays");
  EXPECT_NE(open_error(), "");
  EXPECT_TRUE(fs::exists(elsewhere / "000000_f.jpg"));
  fs::remove(out_ / "overlays");
  fs::remove(out_ / "results.csv");
  fs::create_symlink(elsewhere / "target.csv", out_ / "results.csv");
  run_whole(1);
  EXPECT_FALSE(fs::exists(elsewhere / "target.csv"));
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(out_ / "results.csv")));
}

TEST_F(Folder, KeepsWholeLinesWhereTheDiskIsFull) {
  FolderSink sink(out_, options_, identity_);
  put(sink, result(0));
  const std::string before = text("results.jsonl");
  // A limit on the size of a file stands in for a full disk: write(2) gives a short count, then an error.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit tight = old;
  tight.rlim_cur = before.size() + 100;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const std::string error = error_of([&] { put(sink, result(1)); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  EXPECT_THAT(error, HasSubstr("--resume"));
  EXPECT_EQ(text("results.jsonl"), before);
}

TEST_F(Folder, SaysSoWhereItVanishes) {
  FolderSink sink(out_, options_, identity_);
  put(sink, result(0));
  fs::remove_all(out_);
  EXPECT_THAT(error_of([&] { sink.write(result(1)); }), HasSubstr("vanished"));
}

TEST_F(Folder, SaysSoWhereItCannotBeMade) {
  out_ = "/proc/nothing/here";
  EXPECT_THAT(open_error(), HasSubstr("cannot be made"));
  out_ = root_ / "file";
  std::ofstream(out_) << "x";
  EXPECT_THAT(open_error(), HasSubstr("cannot be"));
}

TEST_F(Folder, WritesTheStagesOfAFrame) {
  options_.stages = true;
  FolderSink sink(out_, options_, identity_);
  FrameResult frame = result(0);
  frame.stage_pictures.push_back({"../b_background", 4, 2, 1, std::vector<std::uint8_t>(8, 100)});
  frame.stage_pictures.push_back({"lying", 400, 200, 3, std::vector<std::uint8_t>(8, 100)});
  put(sink, frame);
  EXPECT_THAT(names("stages/000000_f"), ElementsAre(".._b_background.png"));
}

TEST_F(Folder, KeepsFormulasOutOfSpreadsheets) {
  FolderSink sink(out_, options_, identity_);
  put(sink, result(0, "=cmd|' /C calc'!A0.png"));
  put(sink, result(1, "a,\"b\"\nc.png"));
  sink.finish({}, 1);
  EXPECT_THAT(text("results.csv"), HasSubstr("\r\n0,\"'=cmd|' /C calc'!A0.png\",ok"));
  EXPECT_THAT(text("results.csv"), HasSubstr("\r\n1,\"a,\"\"b\"\"\nc.png\",ok"));
}

/// The JSON in a file of report/data/.
nlohmann::json page_data(const std::string& script) {
  const std::size_t from = script.find(",'") + 2;
  std::string json;
  for (std::size_t i = from; i < script.rfind("')"); ++i) {
    if (script[i] == '\\') ++i;
    json += script[i];
  }
  return nlohmann::json::parse(json);
}

TEST_F(Folder, HasAPageThatNoNameBreaksOutOf) {
  const std::string hostile = "p</script><script>alert(1)</script>/<!--.png";
  {
    FolderSink sink(out_, options_, identity_);
    put(sink, result(0, hostile));
    FrameResult failed = result(1, "\xff\u202e.png");
    failed.status = Status::kFailed;
    failed.error = "</script>'\\";
    put(sink, failed);
    sink.finish({{"<b>", "<i>"}}, 1);
  }
  EXPECT_EQ(text("report.html"), report_page().content);
  const auto rows = page_data(text("report/data/rows-00000.js"))["rows"];
  EXPECT_EQ(rows[0][0], hostile);
  EXPECT_EQ(rows[1][3], "</script>'\\");
  EXPECT_EQ(rows[1][0], "%FF\u202e.png");
  EXPECT_EQ(rows[0][10], "000000___--.jpg");
  const auto index = page_data(text("report/data/index.js"));
  EXPECT_EQ(index["summary"]["skipped"]["first"][0]["source"], "<b>");
  EXPECT_FALSE(index["summary"].contains("interrupted"));
}

TEST_F(Folder, KeepsOutlinesForThePageAsEighthsOfAPixel) {
  FolderSink sink(out_, options_, identity_);
  FrameResult frame = result(0);
  frame.capillaries.resize(1);
  frame.capillaries[0].polygon = {10, 20, 12.5, 20, 12.5F, 29.96F};
  frame.capillaries[0].bbox = {10, 20, 3, 10};
  frame.capillaries[0].area_px = 12;
  put(sink, frame);
  sink.finish({}, 1);
  const auto frames = page_data(text("report/data/frames-00000.js"))["frames"];
  EXPECT_EQ(frames[0][0][1], 12);
  EXPECT_EQ(frames[0][0][2], (nlohmann::json{80, 160, 20, 0, 0, 80}));
}

TEST_F(Folder, WritesDataInChunksAndRemovesThoseOfALongerRun) {
  options_.overlays = false;
  {
    FolderSink sink(out_, options_, identity_);
    for (int i = 0; i < 4097; ++i) put(sink, result(i));
    sink.finish({}, 1);
  }
  EXPECT_EQ(page_data(text("report/data/rows-00000.js"))["rows"].size(), 4096U);
  const auto last = page_data(text("report/data/rows-00001.js"));
  EXPECT_EQ(last["first"], 4096);
  EXPECT_EQ(last["rows"].size(), 1U);
  EXPECT_EQ(page_data(text("report/data/index.js"))["row_chunks"], 2);
  std::ofstream(out_ / "report/data/mine.js") << "mine";
  options_.force = true;
  FolderSink sink(out_, options_, identity_);
  EXPECT_FALSE(fs::exists(out_ / "report/data/rows-00000.js"));
  EXPECT_TRUE(fs::exists(out_ / "report/data/mine.js"));
}

TEST_F(Folder, GivesThePageEachClipWithItsFrames) {
  OutputFolder folder(out_, true);
  const ValuePlaces values;
  ReportData report(folder, values);
  FrameResult frame = result(0, "a.avi#0");
  frame.file = frame.clip = "a.avi";
  frame.page = 0;
  frame.quality = FrameQuality{.usable = false, .reasons = {"out of focus"}, .measures = {}};
  report.add(frame);
  report.add_clip(R"({"type":"clip","file":"a.avi","count":41,"motion":{"dx":[0]},"capillaries":[]})");
  EXPECT_THROW(report.add_clip(R"({"type":"clip","file":"b.avi"})"), Error);
  EXPECT_THROW(report.add_clip(R"({"type":"clip")"), Error);
  report.commit({}, nlohmann::json::object());
  const auto index = page_data(text("report/data/index.js"));
  EXPECT_EQ(index["clips"][0]["count"], 41);
  EXPECT_FALSE(index["clips"][0].contains("motion"));
  EXPECT_EQ(page_data(text("report/data/clip-00000.js"))["motion"]["dx"][0], 0);
  const auto row = page_data(text("report/data/rows-00000.js"))["rows"][0];
  EXPECT_EQ(row[17], 0);
  EXPECT_EQ(row[18], false);
  EXPECT_EQ(row[19][0], "out of focus");
}

TEST_F(Folder, HasAPageThatSaysSoWhereTheRunWasCutShort) {
  {
    FolderSink sink(out_, options_, identity_);
    put(sink, result(0));
    put(sink, result(1, "p2/g.png"));
  }
  write_derived_files(out_);
  const auto data = page_data(text("report/data/index.js"));
  EXPECT_EQ(data["summary"]["interrupted"], true);
  EXPECT_EQ(data["summary"]["frames"], 2);
  EXPECT_EQ(data["subfolders"][1]["name"], "p2");
}

TEST_F(Folder, TellsValuesOfAnotherAlgorithmInColumnsOfTheirOwn) {
  FolderSink sink(out_, options_, identity_);
  FrameResult frame = result(0);
  frame.capillaries.clear();
  frame.density = 0;
  frame.valid_px = 0;
  frame.values = {{"spots", 3}};
  put(sink, frame);
  frame.index = 1;
  frame.values = {{"=area", 0.5}};
  put(sink, frame);
  sink.finish({}, 1);
  const std::string csv = text("results.csv");
  EXPECT_THAT(csv, HasSubstr(",usable,reasons,\"'=area\",spots\r\n0,p1/f.png,ok,,100,100,,,,,0,,0,"));
  EXPECT_THAT(csv, HasSubstr(",0,,,,3\r\n"));
  const auto data = page_data(text("report/data/index.js"));
  EXPECT_EQ(data["value_names"], (nlohmann::json{"spots", "=area"}));
  const auto rows = page_data(text("report/data/rows-00000.js"))["rows"];
  EXPECT_EQ(rows[1][13], (nlohmann::json{nullptr, 0.5}));
  EXPECT_TRUE(rows[0][4].is_null());
  EXPECT_TRUE(data["summary"]["mean_density"].is_null());
}

TEST(PictureStem, IsSafeShortAndTellsFramesApart) {
  EXPECT_EQ(picture_stem(12, "a/b/f01.png"), "000012_f01");
  EXPECT_EQ(picture_stem(0, "clip.avi#12"), "000000_clip_12");
  EXPECT_EQ(picture_stem(1, "x/<script>\"'&.png"), "000001__script____");
  EXPECT_EQ(picture_stem(2, ".."), "000002_frame");
  EXPECT_EQ(picture_stem(3, "図\u202E.png"), "000003_図_");
  EXPECT_EQ(picture_stem(4, "a\xff.png"), "000004_a_");
  EXPECT_EQ(picture_stem(5, "dir/"), "000005_frame");
  EXPECT_LE(picture_stem(6, std::string(500, 'a')).size(), 70U);
  EXPECT_EQ(picture_index("000012_f01.jpg"), 12);
  EXPECT_EQ(picture_index("1234567_x"), 1234567);
  EXPECT_EQ(picture_index("notes_x"), -1);
  EXPECT_EQ(picture_index("-00001_x"), -1);
}

}  // namespace
}  // namespace capillaryx
