// SPDX-License-Identifier: Apache-2.0
#include "evaluation/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "capillaryx/error.h"
#include "evaluation/coco_json.h"
#include "evaluation/detections.h"
#include "sink/results_reader.h"

namespace capillaryx {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class LabelFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "evaluation-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    labels_ = write("labels.json", R"({"images":[{"id":7,"file_name":"x/f01.png"},{"id":3,"file_name":"f02.png"}],
      "annotations":[{"image_id":7,"category_id":1,"bbox":[0,0,10,10],"segmentation":[[0,0,10,0,10,10]]},
                     {"image_id":7,"category_id":2,"bbox":[5,5,10,10]},
                     {"image_id":3,"category_id":1,"bbox":[0,0,10,10],"iscrowd":1}]})");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / name, std::ios::binary) << text;
    return root_ / name;
  }
  /// A journal of frames of these names, 100 x 60 px, each with one capillary.
  std::filesystem::path write_journal(const std::vector<std::string>& sources, const std::string& summary = "") {
    std::string text = "{\"type\":\"run\",\"schema\":1}\n";
    FrameResult result;
    result.width = 100;
    result.height = 60;
    Capillary capillary;
    capillary.bbox = {10, 10, 10, 10};
    capillary.polygon = {10, 10, 20, 10, 20, 20, 10, 20};
    capillary.area_px = 100;
    result.capillaries = {capillary};
    for (const std::string& source : sources) {
      result.source = source;
      text += frame_line(result) + "\n";
      ++result.index;
    }
    return write("results.jsonl", text + summary);
  }
  /// What reading these labels, or adding these results to them, is refused with.
  template <class Act>
  static std::string message_of(Act act) {
    try {
      act();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was refused";
  }

  std::filesystem::path root_;
  std::filesystem::path labels_;
};

/// Labels of one image of 100 x 60 px; `categories` and `annotations` as lists.
std::string coco(const std::string& categories, const std::string& annotations, const std::string& name = "f01.png") {
  return R"({"images":[{"id":0,"file_name":")" + name + R"(","width":100,"height":60}],"categories":)" + categories +
         R"(,"annotations":)" + annotations + "}";
}

TEST_F(LabelFiles, AreReadAsCocoHasThem) {
  Labels labels = read_labels(labels_);
  ASSERT_EQ(labels.frames.size(), 2U);
  EXPECT_EQ(labels.frames[0].name, "f02.png");
  EXPECT_EQ(labels.frames[0].ambiguous.size(), 1U);
  ASSERT_EQ(labels.frames[1].capillaries.size(), 1U);
  EXPECT_EQ(labels.frames[1].capillaries[0].area_px, 50);
  add_detections(
      write("a.json",
            R"([{"image_id":3,"bbox":[1,2,3,4]},{"file_name":"y/f01.jpg","bbox":[1,2,3,4],"area":6,"score":0.5},
    {"category_id":2,"image_id":3,"bbox":[1,2,3,4]}])"),
      labels);
  EXPECT_EQ(labels.frames[0].detections.at(0).area_px, 12);
  EXPECT_EQ(labels.frames[0].detections.at(0).score, 1);
  EXPECT_EQ(labels.frames[1].detections.at(0).area_px, 6);
}

TEST_F(LabelFiles, KnowACategoryByItsNameWhateverItsNumber) {
  const std::string annotations =
      R"([{"image_id":0,"category_id":0,"bbox":[0,0,9,9]},{"image_id":0,"category_id":1,"bbox":[0,0,5,5]}])";
  const auto file = write("l.json", coco(R"([{"id":1,"name":"hair"},{"id":0,"name":"Capillary"}])", annotations));
  EXPECT_EQ(read_labels(file).frames.at(0).capillaries.at(0).box.width, 9);
  EXPECT_EQ(read_labels(file, "hair").frames.at(0).capillaries.at(0).box.width, 5);
  EXPECT_THAT(message_of([&] { read_labels(file, "vessel"); }),
              AllOf(HasSubstr("no category 'vessel'"), HasSubstr("hair (1 labels)"), HasSubstr("Capillary (1 labels)"),
                    HasSubstr("--category")));
}

TEST_F(LabelFiles, InWhichEveryLabelIsCrowdAreAnErrorThatCountsThem) {
  const auto file = write("l.json", coco("[]", R"([{"image_id":0,"category_id":1,"bbox":[0,0,9,9],"iscrowd":1}])"));
  EXPECT_THAT(message_of([&] { read_labels(file); }), HasSubstr("all 1 labels of 'capillary' are iscrowd"));
}

TEST_F(LabelFiles, MayHaveRunLengthMasks) {
  // A rectangle of x 2 to 4, y 1 to 3 in 100 x 60 px, as pycocotools gives it in both forms.
  const std::string label =
      R"([{"image_id":0,"category_id":1,"bbox":[2,1,3,3],"segmentation":{"size":[60,100],"counts":)";
  for (const std::string counts : {R"([121,3,57,3,57,3,5756])", R"("i33i1000Sb5")"}) {
    const auto file = write("l.json", coco("[]", label + counts + "}}]"));
    EXPECT_EQ(read_labels(file).frames.at(0).capillaries.at(0).area_px, 9) << counts;
  }
  for (const std::string counts : {R"([121,3])", R"([-1,6001])", R"("i3")", R"("\u0001")", "7", R"(["a"])"}) {
    const auto file = write("l.json", coco("[]", label + counts + "}}]"));
    EXPECT_THROW(read_labels(file), Error) << counts;
  }
  const auto turned = write(
      "l.json",
      coco("[]",
           R"([{"image_id":0,"category_id":1,"bbox":[0,0,1,1],"segmentation":{"size":[100,60],"counts":[6000]}}])"));
  EXPECT_THAT(message_of([&] { read_labels(turned); }),
              HasSubstr("a mask of 60 x 100 px lies on an image of 100 x 60"));
}

TEST_F(LabelFiles, OfTurnedOrResizedPicturesAreAnErrorThatSaysWhich) {
  Labels labels = read_labels(write("l.json", coco("[]", "[]")));
  EXPECT_NO_THROW(check_size(labels, labels.frames[0], 100, 60));
  EXPECT_NO_THROW(check_size(labels, labels.frames[0], 0, 0));
  EXPECT_THAT(message_of([&] { check_size(labels, labels.frames[0], 60, 100); }), HasSubstr("turned"));
  EXPECT_THAT(message_of([&] { check_size(labels, labels.frames[0], 50, 30); }), HasSubstr("resized"));
  labels.frames[0].width = 200;
  const auto journal = write_journal({"f01.png"});
  EXPECT_THAT(message_of([&] { add_detections(journal, labels); }),
              HasSubstr("f01.png is 200 x 60 px in the labels and 100 x 60 px as analysed"));
}

TEST_F(LabelFiles, OfARunAreReadFromItsJournal) {
  Labels labels = read_labels(labels_);
  write_journal({"p/f01.png", "f02.png"});
  EXPECT_EQ(add_detections(root_, labels), 0U);
  EXPECT_EQ(labels.frames[1].detections.at(0).area_px, 100);
  const auto twice = write_journal({"p/f01.png", "q/f01.png", "f02.png"});
  EXPECT_THAT(message_of([&] { add_detections(twice, labels); }), HasSubstr("are both the labelled frame 'x/f01.png'"));
}

TEST_F(LabelFiles, AndRunsThatDifferShowBothSides) {
  Labels labels = read_labels(labels_);
  const auto more = write_journal({"f01.png", "f02.png", "other.png"});
  EXPECT_THAT(
      message_of([&] { add_detections(more, labels); }),
      AllOf(HasSubstr("the labels do not have other.png"), HasSubstr("The run has: f01.png, f02.png, other.png"),
            HasSubstr("The labels have: f02.png, x/f01.png")));
  labels = read_labels(labels_);
  EXPECT_EQ(add_detections(more, labels, true), 0U);
  labels = read_labels(labels_);
  const auto fewer = write_journal({"f01.png"});
  EXPECT_THAT(message_of([&] { add_detections(fewer, labels); }),
              AllOf(HasSubstr("does not have the labelled frames f02.png"), HasSubstr("--subset")));
  labels = read_labels(labels_);
  EXPECT_EQ(add_detections(fewer, labels, true), 1U);
  ASSERT_EQ(labels.frames.size(), 1U);
  EXPECT_EQ(labels.frames[0].name, "x/f01.png");
  labels = read_labels(labels_);
  const auto none = write_journal({"z.png"});
  EXPECT_THAT(message_of([&] { add_detections(none, labels, true); }), HasSubstr("none of the labelled frames"));
}

TEST_F(LabelFiles, CountASkippedFrameAsOneOfTheRun) {
  Labels labels = read_labels(labels_);
  const auto file = write_journal(
      {"f01.png"}, R"({"type":"summary","skipped":{"count":1,"first":[{"source":"a/f02.png","reason":"too large"}]}})"
                   "\n");
  EXPECT_EQ(add_detections(file, labels), 0U);
  EXPECT_EQ(labels.frames.size(), 2U);
  EXPECT_TRUE(labels.frames[0].detections.empty());
}

TEST_F(LabelFiles, TakeADatasetOfDetections) {
  Labels labels = read_labels(labels_);
  const auto file = write("d.json", R"({"images":[{"id":0,"file_name":"f01.png"},{"id":1,"file_name":"f02.png"}],
    "categories":[{"id":5,"name":"capillary"}],
    "annotations":[{"id":1,"image_id":0,"category_id":5,"bbox":[1,2,3,4],"score":0.25}]})");
  EXPECT_EQ(add_detections(file, labels), 0U);
  EXPECT_EQ(labels.frames[1].detections.at(0).score, 0.25);
  const auto others = write("d.json", R"([{"image_id":3,"category_id":9,"bbox":[1,2,3,4]}])");
  EXPECT_THAT(message_of([&] { add_detections(others, labels); }), HasSubstr("it has 9 (1 detections)"));
}

TEST_F(LabelFiles, ThatAreDamagedAreRefused) {
  EXPECT_THROW(read_labels(root_ / "none.json"), Error);
  for (
      const char* text :
      {"", "[", "[]", "{}", R"({"images":[]})", R"({"images":[{"id":1}],"annotations":[]})",
       R"({"images":[{"id":"a","file_name":"x"}],"annotations":[]})",
       R"({"images":[{"id":1,"file_name":"x"},{"id":2,"file_name":"x"}],"annotations":[]})",
       R"({"images":[{"id":1,"file_name":"x","width":-1}],"annotations":[]})",
       R"({"images":[{"id":1,"file_name":"x"}],"categories":[{"id":1}],"annotations":[]})",
       R"({"images":[{"id":1,"file_name":"x"}],"categories":7,"annotations":[]})",
       R"({"images":[{"id":1,"file_name":"x"}],"annotations":[{"image_id":2,"category_id":1,"bbox":[0,0,1,1]}]})",
       R"({"images":[{"id":1,"file_name":"x"}],"annotations":[{"image_id":1,"category_id":1,"bbox":[0,0,1e999,1]}]})"}) {
    EXPECT_THROW(read_labels(write("bad.json", text)), Error) << text;
  }
  Labels labels = read_labels(labels_);
  for (const char* text :
       {"", "[", "[1]", "[{}]", R"([{"image_id":99,"bbox":[0,0,1,1]}])", R"([{"image_id":3,"bbox":[0,0,-1,1]}])",
        R"([{"image_id":3,"bbox":[0,0,1]}])", R"([{"image_id":3,"bbox":[0,0,1,1],"segmentation":[[1,2,3]]}])",
        R"([{"image_id":3,"bbox":[0,0,1,1],"score":"high"}])", R"({"a":1})", "7"}) {
    EXPECT_THROW(add_detections(write("bad.json", text), labels), Error) << text;
  }
  EXPECT_THROW(add_detections(root_, labels), Error);
}

}  // namespace
}  // namespace capillaryx
