// SPDX-License-Identifier: Apache-2.0
#include "sink/results_reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "capillaryx/error.h"
#include "sink/json_text.h"

namespace capillaryx {
namespace {

using ::testing::HasSubstr;

FrameResult sample(std::int64_t index = 0) {
  FrameResult result;
  result.index = index;
  result.source = result.file = "visit 1/f01.png";
  result.sha256 = std::string(64, 'a');
  result.width = 1920;
  result.height = 1080;
  result.valid_px = 1920 * 1080;
  result.density = 0.1 + 0.2;
  Capillary capillary;
  capillary.bbox = {10, 20, 30, 40};
  capillary.polygon = {10.1F, 20.25F, 40, 20, 39.7F, 60, 1e1F / 3 + 10, 59.999996F};
  capillary.area_px = 700;
  capillary.score = 1.0 / 3;
  result.capillaries = {capillary, capillary};
  result.candidates = {{{5, 6, 7, 8}, 0.25F}, {{0, 0, 1920, 1080}, 0.4999F}};
  result.value_range = {0, 4095};
  result.magnification = 1.4;
  result.notes = {"a \"note\""};
  result.quality = FrameQuality{false, {"blurred"}, {{"focus", 0.5}, {"a\"b", 1}}};
  result.landmarks = {10, 20, 3};
  result.values = {{"spots", 1e-7}, {"mean", -0.0}};
  result.timing.total_ms = 12.5;
  result.timing.stages_ms = {{"ssim", 3.25}};
  result.timing.latency_ms = 40;
  result.timing.worker = 3;
  result.timing.attempt = 2;
  return result;
}

class JournalFile : public ::testing::Test {
 protected:
  void SetUp() override { path_ = std::filesystem::temp_directory_path() / ("journal" + std::to_string(::getpid())); }
  void TearDown() override { std::filesystem::remove(path_); }
  JournalState read(const std::string& text, std::vector<FrameResult>* frames = nullptr) {
    std::ofstream(path_, std::ios::binary) << text;
    return read_journal(path_, [&](FrameResult result) {
      if (frames != nullptr) frames->push_back(std::move(result));
    });
  }
  std::string error_of(const std::string& text) {
    try {
      read(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "";
  }
  std::filesystem::path path_;
  const std::string run_ = "{\"type\":\"run\",\"schema\":2}\n";
  const std::string input_ =
      R"({"type":"input","file":"a.avi","sha256":null,"kind":"video","pages":2,"fps":25,"size":[1920,1080],)"
      R"("value_range":[0,255.5],"scale_um_per_px":0.7,"scale_from":"option","magnification":null,"notes":["n"]})"
      "\n";
};

TEST(FrameLine, ReadsBackToTheSameBytes) {
  FrameResult result = sample();
  for (const std::string& source :
       {std::string("a\"b\\c\nd\te"), std::string("\x01\x7f"), std::string("Ärzte/図.png")}) {
    result.source = source;
    result.time_s = 0.1;
    result.scale_um_per_px = 0.7;
    result.scale_from = "option";
    const std::string line = frame_line(result);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const FrameResult back = parse_frame_line(line);
    EXPECT_EQ(back.source, source);
    EXPECT_EQ(back.capillaries[0].polygon, result.capillaries[0].polygon);
    EXPECT_EQ(back.density, result.density);
    EXPECT_EQ(back.candidates[1].score, 0.4999F);
    EXPECT_EQ(back.candidates[0].bbox, result.candidates[0].bbox);
    EXPECT_EQ(back.value_range, result.value_range);
    EXPECT_EQ(back.quality->measures, result.quality->measures);
    EXPECT_EQ(back.landmarks, result.landmarks);
    EXPECT_EQ(frame_line(back), line);
  }
}

TEST(FrameLine, WritesEighthsOfAPixelAsTheShortestTextThatReadsBack) {
  for (int eighths = 0; eighths < 8 * 10'000; ++eighths) {
    const float value = static_cast<float>(eighths) / 8;
    std::string out;
    append_json_number(out, value);
    ASSERT_EQ(out, fmt::format("{}", value == 0 ? 0 : value));
  }
  const std::vector<float> mixed{-0.125F, 1.5F, 2, 0.0625F, 1.0F / 3, -0.0F, 8191.875F, 8192, 1e20F, 7.25F};
  for (std::size_t length = 0; length <= mixed.size(); ++length) {
    const std::span<const float> some(mixed.data(), length);
    std::string out = "[";
    append_json_numbers(out, some);
    std::string expected = "[";
    for (const float value : some) expected += fmt::format("{}{}", expected == "[" ? "" : ",", value == 0 ? 0 : value);
    EXPECT_EQ(out, expected);
  }
}

TEST(FrameLine, GivesNumbersTheirShortestTextWhateverTheLocale) {
  std::string out;
  append_json_number(out, 0.1);
  out += ' ';
  append_json_number(out, 0.1F);
  out += ' ';
  append_json_number(out, 1e22);
  out += ' ';
  append_json_number(out, std::numeric_limits<double>::denorm_min());
  out += ' ';
  append_json_number(out, std::nan(""));
  EXPECT_EQ(out, "0.1 0.1 1e+22 5e-324 null");
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8"}) {
    if (std::setlocale(LC_ALL, name) == nullptr) continue;
    EXPECT_THAT(frame_line(sample()), HasSubstr("\"total_ms\":12.5"));
    EXPECT_EQ(parse_frame_line(frame_line(sample())).timing.total_ms, 12.5);
    std::setlocale(LC_ALL, "C");
  }
}

TEST(FrameLine, WritesBytesThatAreNotUtf8AsPercentCodes) {
  FrameResult result = sample();
  result.source = "a\xff\xc0\x80\xed\xa0\x80z";
  EXPECT_EQ(parse_frame_line(frame_line(result)).source, "a%FF%C0%80%ED%A0%80z");
}

TEST(FrameLine, OfSchema1IsReadWithItsFileAndPage) {
  const std::string rest =
      R"("sha256":null,"status":"failed","error":"torn","width":null,"height":null,"capillaries":[],"count":null,)"
      R"("density":null,"valid_px":null,"scale_um_per_px":0.5,"values":{},"timing":{"worker":0,"attempt":1}})";
  const FrameResult still = parse_frame_line(R"({"type":"frame","index":0,"source":"p/f#1.png",)" + rest);
  EXPECT_EQ(still.file, "p/f#1.png");
  EXPECT_FALSE(still.page);
  EXPECT_EQ(still.scale_from, "option");
  const FrameResult page = parse_frame_line(R"({"type":"frame","index":0,"source":"a.avi#12","time_s":0.5,)" + rest);
  EXPECT_EQ(page.file, "a.avi");
  EXPECT_EQ(page.page, 12);
}

TEST(FrameLine, LeavesWhatIsUnknownOfAFailedFrameNull) {
  FrameResult result = sample();
  result.status = Status::kFailed;
  result.error = "truncated";
  const std::string line = frame_line(result);
  for (const char* part : {"\"count\":null", "\"density\":null", "\"capillaries\":[]", "\"error\":\"truncated\""}) {
    EXPECT_THAT(line, HasSubstr(part));
  }
  EXPECT_EQ(parse_frame_line(line).error, "truncated");
}

TEST(FrameLine, IsRefusedWhereItsNumbersCannotBe) {
  const std::string good = frame_line(sample());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string line = good;
    const std::size_t at = line.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return line.replace(at, from.size(), to);
  };
  EXPECT_NO_THROW(parse_frame_line(good));
  for (const std::string& line : {with("\"count\":2", "\"count\":3"),
                                  with("[5,6,7,8,", "[5,6,7,"),
                                  with("[5,6,7,8,", "[1919,6,7,8,"),
                                  with("0.4999", "1.5"),
                                  with("[0,4095]", "[4095,0]"),
                                  with("1.4", "-1.4"),
                                  with("[10,20,3]", "[10,20]"),
                                  with("\"usable\":false", "\"usable\":0"),
                                  with("\"page\":null", "\"page\":-1"),
                                  with("0.30000000000000004", "1.5"),
                                  with("\"index\":0", "\"index\":-1"),
                                  with("\"index\":0", "\"index\":99999999999999999999"),
                                  with("\"index\":0", "\"index\":0.5"),
                                  with("[10,20,30,40]", "[10,20,30]"),
                                  with("[10,20,30,40]", "[1900,20,30,40]"),
                                  with("[10,20,30,40]", "[2147483647,2147483647,2147483647,2147483647]"),
                                  with("10.1", "1e300"),
                                  with("10.1", "1e999"),
                                  with("10.1", "500"),
                                  with("\"area_px\":700", "\"area_px\":0"),
                                  with("\"ok\"", "\"fine\""),
                                  with("\"source\":\"visit 1/f01.png\",", ""),
                                  with("\"timing\":{", "\"timing\":[{"),
                                  with("2073600", "2073601"),
                                  std::string("[]"),
                                  std::string(""),
                                  std::string(100000, '['),
                                  std::string("{\"a\":")}) {
    EXPECT_THROW(parse_frame_line(line), Error) << line.substr(0, 300);
  }
}

TEST_F(JournalFile, IsReadInOrderAndItsTornTailPassedOver) {
  const std::string whole = run_ + frame_line(sample(0)) + "\n" + frame_line(sample(1)) + "\n";
  std::vector<FrameResult> frames;
  JournalState state = read(whole + frame_line(sample(2)), &frames);
  EXPECT_EQ(state.frames, 2);
  EXPECT_EQ(frames.size(), 2U);
  EXPECT_EQ(state.whole_bytes, static_cast<std::int64_t>(whole.size()));
  EXPECT_TRUE(state.summary.is_null());
  state = read(whole + "{\"type\":\"summary\",\"frames\":2}\n");
  EXPECT_EQ(state.summary["frames"], 2);
}

TEST_F(JournalFile, HasNoRunLineWhereThatIsTorn) {
  EXPECT_TRUE(read("").run.is_null());
  EXPECT_TRUE(read("{\"type\":\"run\",").run.is_null());
}

TEST_F(JournalFile, IsRefusedWhereItIsNoJournal) {
  EXPECT_THAT(error_of("a,b,c\n"), HasSubstr("no results file"));
  EXPECT_THAT(error_of("{\"type\":\"run\",\"schema\":3}\n"), HasSubstr("schema"));
  EXPECT_THAT(error_of(run_ + frame_line(sample(1)) + "\n"), HasSubstr("order"));
  EXPECT_THAT(error_of(run_ + std::string(3, '\0') + "\n"), HasSubstr("line 2"));
  const std::string summary = "{\"type\":\"summary\"}\n";
  EXPECT_THAT(error_of(run_ + summary + summary), HasSubstr("after the summary"));
  EXPECT_THROW(read_journal("/nonexistent/results.jsonl", {}), Error);
  EXPECT_THROW(read_journal("/dev/null", {}), Error);
}

TEST_F(JournalFile, GivesEachPageWhatTheInputLineOfItsFileSays) {
  FrameResult page = sample(0);
  page.source = "a.avi#0";
  page.file = "a.avi";
  page.page = 0;
  page.scale_um_per_px = 0.7;
  page.input = std::make_shared<const InputInfo>();
  const std::string line = frame_line(page) + "\n";
  EXPECT_EQ(line.find("scale_from"), std::string::npos);
  std::vector<FrameResult> frames;
  const JournalState state = read(run_ + input_ + line, &frames);
  ASSERT_EQ(frames.size(), 1U);
  ASSERT_TRUE(frames[0].input);
  EXPECT_EQ(frames[0].input->fps, 25);
  EXPECT_EQ(frames[0].input->notes, std::vector<std::string>{"n"});
  EXPECT_EQ(frames[0].value_range, (std::array{0.0, 255.5}));
  EXPECT_EQ(frames[0].scale_from, "option");
  EXPECT_EQ(state.inputs.at("a.avi")->width, 1920);

  EXPECT_THAT(error_of(run_ + line), HasSubstr("no input line"));
  EXPECT_THAT(error_of(run_ + input_ + input_ + line), HasSubstr("second line"));
  std::string bad = input_;
  bad.replace(bad.find("[0,255.5]"), 9, "[1,0]");
  EXPECT_THAT(error_of(run_ + bad), HasSubstr("value range"));
  bad = input_;
  bad.replace(bad.find("\"video\""), 7, "\"movie\"");
  EXPECT_THAT(error_of(run_ + bad), HasSubstr("kind of file"));
}

TEST(Comparable, LeavesOutTimingAndHostAndNothingElse) {
  FrameResult result = sample();
  result.values = {{"timing", 1}};
  result.source = "a,\"timing\":{.png";
  result.timing.stages_ms = {{"timing", 2}};
  const std::string line = frame_line(result);
  const std::size_t timing = line.find(",\"timing\":{\"total_ms\"");
  EXPECT_EQ(comparable(line), line.substr(0, timing) + "}");
  EXPECT_EQ(comparable(R"({"type":"run","schema":2,"host":{"workers":1}})"), R"({"type":"run","schema":2})");
  EXPECT_EQ(comparable(R"({"type":"input","file":"x"})"), R"({"type":"input","file":"x"})");
}

TEST_F(JournalFile, IsReadWhereALineIsLongerThanTheBuffer) {
  FrameResult big = sample(0);
  big.capillaries.assign(40'000, big.capillaries[0]);
  std::vector<FrameResult> frames;
  read(run_ + frame_line(big) + "\n" + frame_line(sample(1)) + "\n", &frames);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].capillaries.size(), 40'000U);
}

}  // namespace
}  // namespace capillaryx
