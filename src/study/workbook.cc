// SPDX-License-Identifier: Apache-2.0
// A workbook is a ZIP archive of XML (ECMA-376). Stored, not compressed, without times: the same tables give the same
// bytes on every system.
#include <libdeflate.h>

#include <array>
#include <cstdint>

#include "sink/json_text.h"
#include "study/table.h"

namespace capillaryx {
namespace {

constexpr std::size_t kMostRows = 1'048'576;  // of a sheet, the header included
constexpr std::size_t kLongestCell = 32'767;  // characters; bytes are at least as many

/// A ZIP archive of stored members.
class Archive {
 public:
  void add(const std::string& name, const std::string& data) {
    const std::uint32_t crc = libdeflate_crc32(0, data.data(), data.size());
    const std::size_t offset = bytes_.size();
    std::string about;
    put(about, 20, 2);      // version that is needed
    put(about, 0x0800, 2);  // names are UTF-8
    put(about, 0, 2);       // stored
    put(about, 0, 2);       // time
    put(about, 0x21, 2);    // 1980-01-01
    put(about, crc, 4);
    put(about, data.size(), 4);
    put(about, data.size(), 4);
    put(about, name.size(), 2);
    put(about, 0, 2);
    put(bytes_, 0x04034B50, 4);
    bytes_ += about + name + data;
    put(directory_, 0x02014B50, 4);
    put(directory_, 20, 2);
    directory_ += about;
    put(directory_, 0, 2);  // comment
    put(directory_, 0, 2);  // disk
    put(directory_, 0, 2);  // internal attributes
    put(directory_, 0, 4);  // external attributes
    put(directory_, offset, 4);
    directory_ += name;
    ++members_;
  }

  std::string finish() && {
    const std::size_t start = bytes_.size();
    bytes_ += directory_;
    put(bytes_, 0x06054B50, 4);
    put(bytes_, 0, 4);  // disks
    put(bytes_, members_, 2);
    put(bytes_, members_, 2);
    put(bytes_, directory_.size(), 4);
    put(bytes_, start, 4);
    put(bytes_, 0, 2);
    return std::move(bytes_);
  }

 private:
  static void put(std::string& out, std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) out += static_cast<char>(value >> (8 * i) & 0xFFU);
  }

  std::string bytes_;
  std::string directory_;
  std::uint64_t members_ = 0;
};

bool looks_escaped(std::string_view text) {
  if (text.size() < 7 || !text.starts_with("_x") || text[6] != '_') return false;
  return text.substr(2, 4).find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

void append_xml(std::string& out, std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if ((byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7F) {
      out += "_x00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
      out += '_';
    } else if (c == '_' && looks_escaped(text.substr(i))) {
      out += "_x005F_";
    } else if (text.substr(i, 3) == "\xEF\xBF\xBE" || text.substr(i, 3) == "\xEF\xBF\xBF") {  // no characters of XML
      out += "?";
      i += 2;
    } else {
      out += c;
    }
  }
}

void append_text(std::string& out, std::string_view text, bool bold) {
  std::string clean = clean_utf8(text);
  if (clean.size() > kLongestCell) {
    std::size_t end = kLongestCell;
    while (end > 0 && (static_cast<unsigned char>(clean[end]) & 0xC0U) == 0x80U) --end;
    clean.resize(end);
  }
  out += bold ? "<c s=\"1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">"
              : "<c t=\"inlineStr\"><is><t xml:space=\"preserve\">";
  append_xml(out, clean);
  out += "</t></is></c>";
}

constexpr const char* kHeader = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
constexpr const char* kMain = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
constexpr const char* kRelationships = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
constexpr const char* kPackage = "http://schemas.openxmlformats.org/package/2006/";

std::string sheet_xml(const Table& table) {
  std::string out = std::string(kHeader) + "<worksheet xmlns=\"" + kMain +
                    "\"><sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" "
                    "activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><sheetData><row>";
  for (const std::string& column : table.columns) append_text(out, column, true);
  out += "</row>";
  const std::size_t rows = std::min(table.rows.size(), kMostRows - 2);
  for (std::size_t i = 0; i < rows; ++i) {
    out += "<row>";
    for (const Cell& cell : table.rows[i]) {
      if (const auto* number = std::get_if<double>(&cell)) {
        out += "<c><v>";
        append_json_number(out, *number);
        out += "</v></c>";
      } else if (const auto* text = std::get_if<std::string>(&cell)) {
        append_text(out, *text, false);
      } else {
        out += "<c/>";
      }
    }
    out += "</row>";
  }
  if (rows < table.rows.size()) {
    out += "<row>";
    append_text(out, "A sheet has no room for more rows: the CSV file has all of them", true);
    out += "</row>";
  }
  return out + "</sheetData></worksheet>";
}

}  // namespace

std::string workbook(const std::vector<Table>& tables) {
  std::string types = std::string(kHeader) + "<Types xmlns=\"" + kPackage +
                      "content-types\"><Default Extension=\"rels\" "
                      "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default "
                      "Extension=\"xml\" ContentType=\"application/xml\"/>";
  const auto add_type = [&](const std::string& part, const char* type) {
    types += "<Override PartName=\"/xl/" + part +
             "\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml." + type + "+xml\"/>";
  };
  add_type("workbook.xml", "sheet.main");
  add_type("styles.xml", "styles");
  std::string sheets;
  std::string links;
  const auto add_link = [&](std::string& to, std::size_t id, const char* type, const std::string& target) {
    to += "<Relationship Id=\"rId" + std::to_string(id) + "\" Type=\"" + kRelationships + "/" + type + "\" Target=\"" +
          target + "\"/>";
  };
  for (std::size_t i = 1; i <= tables.size(); ++i) {
    const std::string part = "worksheets/sheet" + std::to_string(i) + ".xml";
    add_type(part, "worksheet");
    add_link(links, i, "worksheet", part);
    sheets += "<sheet name=\"" + tables[i - 1].name + "\" sheetId=\"" + std::to_string(i) + "\" r:id=\"rId" +
              std::to_string(i) + "\"/>";
  }
  add_link(links, tables.size() + 1, "styles", "styles.xml");
  std::string root;
  add_link(root, 1, "officeDocument", "xl/workbook.xml");
  const auto relationships = [](const std::string& inner) {
    return std::string(kHeader) + "<Relationships xmlns=\"" + kPackage + "relationships\">" + inner +
           "</Relationships>";
  };
  Archive archive;
  archive.add("[Content_Types].xml", types + "</Types>");
  archive.add("_rels/.rels", relationships(root));
  archive.add("xl/workbook.xml", std::string(kHeader) + "<workbook xmlns=\"" + kMain + "\" xmlns:r=\"" +
                                     kRelationships + "\"><sheets>" + sheets + "</sheets></workbook>");
  archive.add("xl/_rels/workbook.xml.rels", relationships(links));
  archive.add("xl/styles.xml",
              std::string(kHeader) + "<styleSheet xmlns=\"" + kMain +
                  "\"><fonts count=\"2\"><font/><font><b/></font></fonts><fills count=\"1\"><fill><patternFill "
                  "patternType=\"none\"/></fill></fills><borders count=\"1\"><border/></borders><cellStyleXfs "
                  "count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"2\"><xf/><xf fontId=\"1\" "
                  "applyFont=\"1\"/></cellXfs><cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" "
                  "builtinId=\"0\"/></cellStyles></styleSheet>");
  for (std::size_t i = 1; i <= tables.size(); ++i) {
    archive.add("xl/worksheets/sheet" + std::to_string(i) + ".xml", sheet_xml(tables[i - 1]));
  }
  return std::move(archive).finish();
}

}  // namespace capillaryx
