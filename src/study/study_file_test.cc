// SPDX-License-Identifier: Apache-2.0
#include "study/study_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capillaryx/error.h"
#include "study/sheet.h"

namespace capillaryx {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string error_of(std::string_view text) {
  try {
    parse_study(text, "study.csv");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}

/// The cells as a spreadsheet saves them once it has opened our file: ="..." gives its text, which it quotes if needed.
std::string saved_by_spreadsheet(const Study& study, char separator) {
  const Sheet sheet = read_sheet(study_text(study), "study.csv");
  std::string out;
  const auto add = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) out += separator;
      const bool quoted = cells[i].find_first_of(std::string("\"\r\n") + separator) != std::string::npos;
      if (quoted) out += '"';
      for (const char c : cells[i]) out += c == '"' ? "\"\"" : std::string(1, c);
      if (quoted) out += '"';
    }
    out += "\r\n";
  };
  add(sheet.columns);
  for (const auto& row : sheet.rows) add(row);
  return out;
}

TEST(StudyFile, IsReadBackAsWritten) {
  Study study =
      guess_study({"007/2024-01-05/a.png", "J\xC3\xBCrgen, \"K\"/1-2/b;c.png", "=cmd/TRUE/1e5.png", "+x.png"});
  study.rows[0].scale_um_per_px = 1.1;
  study.rows[0].roi = {1, 2, 30, 40};
  study.rows[1].exclude = "out of focus; moved";
  study.rows[2].note = "=1+1";
  study.rows[3].labels["site"] = " left ";
  const Study again = parse_study(study_text(study), "study.csv");
  ASSERT_EQ(again.rows.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(again.rows[i].file, study.rows[i].file);
    EXPECT_EQ(again.rows[i].labels, study.rows[i].labels);
    EXPECT_EQ(again.rows[i].scale_um_per_px, study.rows[i].scale_um_per_px);
    EXPECT_EQ(again.rows[i].roi, study.rows[i].roi);
    EXPECT_EQ(again.rows[i].exclude, study.rows[i].exclude);
    EXPECT_EQ(again.rows[i].note, study.rows[i].note);
  }
  EXPECT_EQ(again.rows[0].labels.at("subject"), "007");
  EXPECT_EQ(again.rows[2].labels.at("visit"), "TRUE");
}

TEST(StudyFile, SurvivesASpreadsheet) {
  const Study study = guess_study({"007/2024-01-05/a.png", "J\xC3\xBCrgen/1-2/b;c.png", "3/v1/c,d.png"});
  for (const char separator : {',', ';', '\t'}) {
    const Study again = parse_study(saved_by_spreadsheet(study, separator), "study.csv");
    ASSERT_EQ(again.rows.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(again.rows[i].file, study.rows[i].file);
      EXPECT_EQ(again.rows[i].labels, study.rows[i].labels);
    }
  }
}

TEST(StudyFile, IsReadFromWindows1252) {
  const Study study = parse_study("file;subject\r\nJ\xFCrgen/\x96.png;J\xFCrgen\r\n", "study.csv");
  EXPECT_EQ(study.rows[0].file, "J\xC3\xBCrgen/\xE2\x80\x93.png");
  EXPECT_EQ(study.rows[0].labels.at("subject"), "J\xC3\xBCrgen");
}

TEST(StudyFile, TakesADecimalComma) {
  const Study study = parse_study("sep=;\nfile;scale_um_per_px\na.png;1,25\n", "study.csv");
  EXPECT_EQ(study.rows[0].scale_um_per_px, 1.25);
  EXPECT_EQ(study.rows[0].number, 3U);
}

TEST(StudyFile, RowsWithoutTextAndCellsBeyondTheHeaderDoNotMatter) {
  const Study study = parse_study("file,subject,,\r\na.png,s,,\r\n,,,\r\n\r\nb.png,t\r\n", "study.csv");
  ASSERT_EQ(study.rows.size(), 2U);
  EXPECT_EQ(study.rows[1].number, 5U);
}

TEST(StudyFile, WhatASpreadsheetChangedIsAnErrorWithRowAndColumn) {
  const auto damaged = [](const std::string& path, const std::string& cell) {
    return error_of("file,subject\n" + path + "," + cell + "\n");
  };
  EXPECT_THAT(damaged("007/v1/a.png", "7"), AllOf(HasSubstr("row 2, column B (subject)"), HasSubstr("leading zeros")));
  EXPECT_THAT(damaged("2024-01-05/a.png", "05.01.2024"), HasSubstr("into a date"));
  EXPECT_THAT(damaged("1-2/a.png", "02. Jan"), HasSubstr("into a date"));
  EXPECT_THAT(damaged("1e5/a.png", "1.00E+05"), HasSubstr("into a number"));
  EXPECT_THAT(damaged("true/a.png", "TRUE"), HasSubstr("truth value"));
  EXPECT_THAT(damaged("1234567890123456789/a.png", "1234567890123450000"), HasSubstr("fifteenth"));
  EXPECT_THAT(damaged("\xC5\x81ucja/a.png", "?ucja"), HasSubstr("'?'"));
  EXPECT_THAT(damaged("J\xC3\xBCrgen/a.png", "J\xC3\x83\xC2\xBCrgen"), HasSubstr("encoding"));
}

TEST(StudyFile, LabelsOfTheUsersOwnAreNoDamage) {
  for (const char* label : {"8", "S07", "maria", "7a", "2025-03-09", "baseline", "0.5"}) {
    EXPECT_EQ(error_of(std::string("file,subject\n007/2024-01-05/a.png,") + label + "\n"), "") << label;
  }
}

TEST(StudyFile, WhatCannotBeIsAnErrorWithRowAndColumn) {
  EXPECT_THAT(error_of(""), HasSubstr("empty"));
  EXPECT_THAT(error_of("subject\na\n"), HasSubstr("no column 'file'"));
  EXPECT_THAT(error_of("file\n"), HasSubstr("names no file"));
  EXPECT_THAT(error_of("file,file\na,b\n"), HasSubstr("second column"));
  EXPECT_THAT(error_of("file,subject\n,s\n"), HasSubstr("row 2, column A (file)"));
  EXPECT_THAT(error_of("file\na.png\n./a.png\n"), HasSubstr("same file as in row 2"));
  EXPECT_THAT(error_of("file,scale_um_per_px\na.png,01. Jan\n"), HasSubstr("row 2, column B"));
  EXPECT_THAT(error_of("file,scale_um_per_px\na.png,nan\n"), HasSubstr("row 2, column B"));
  EXPECT_THAT(error_of("file,scale_um_per_px\na.png,\"1.234,5\"\n"), HasSubstr("row 2, column B"));
  EXPECT_THAT(error_of("file,roi\na.png,1 2 3\n"), HasSubstr("row 2, column B"));
  EXPECT_THAT(error_of("file,roi\na.png,1 2 0 4\n"), HasSubstr("row 2, column B"));
  EXPECT_THAT(error_of("file\na.png,b\n"), HasSubstr("row 2, column B"));
  EXPECT_THAT(error_of("file\n\"a.png\n"), HasSubstr("none closes"));
  EXPECT_THAT(error_of("file\n\"a\"b\n"), HasSubstr("after a closing"));
  EXPECT_THAT(error_of("file\na\x81.png\xFF\n"), HasSubstr("row 2"));
  EXPECT_THAT(error_of(std::string_view("file\na\0b\n", 9)), HasSubstr("zero byte"));
  EXPECT_THAT(error_of("\xFF\xFE"
                       "f"),
              HasSubstr("UTF-16"));
  EXPECT_THAT(error_of("PK\x03\x04"), HasSubstr("workbook"));
}

TEST(StudyFile, AnyBytesAreAStudyOrAnError) {
  const std::string good = study_text(guess_study({"007/2024-01-05/a.png", "b/c/d.png"}));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char byte : {'"', ';', '\0', '\xFF', '\n'}) {
      std::string bytes = good;
      bytes[at] = byte;
      try {
        parse_study(bytes, "study.csv");
        parse_study(std::string_view(bytes).substr(0, at), "study.csv");
      } catch (const Error&) {
      }
    }
  }
}

TEST(StudyFile, TheLastFolderIsTheVisitAndTheOneAboveTheSubject) {
  const Study study = guess_study({"root/s1/v2/a.png", "s1/b.png", "c.png"});
  EXPECT_EQ(study.rows[0].labels.at("subject"), "s1");
  EXPECT_EQ(study.rows[0].labels.at("visit"), "v2");
  EXPECT_EQ(study.rows[1].labels.at("subject"), "s1");
  EXPECT_EQ(study.rows[1].labels.at("visit"), "");
  EXPECT_EQ(study.rows[2].labels.at("subject"), "");
}

TEST(StudyFile, ExclusionsReadAsPeopleWriteThem) {
  const Study study = parse_study("file,exclude\na,x\nb,no\nc,blurred\nd,\n", "study.csv");
  EXPECT_EQ(study.rows[0].exclude, "excluded in the study file");
  EXPECT_EQ(study.rows[1].exclude, "");
  EXPECT_EQ(study.rows[2].exclude, "blurred");
  EXPECT_EQ(study.rows[3].exclude, "");
}

}  // namespace
}  // namespace capillaryx
