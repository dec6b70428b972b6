// SPDX-License-Identifier: Apache-2.0
#include "sink/json_fields.h"

#include <limits>

#include "capillaryx/error.h"

namespace capillaryx {

using nlohmann::json;

void append_key(std::string& out, const char* key) {
  out += ",\"";
  out += key;
  out += "\":";
}

void append_field(std::string& out, const char* key, const std::optional<double>& value) {
  append_field(out, key, value.value_or(std::numeric_limits<double>::quiet_NaN()));
}

void append_field(std::string& out, const char* key, const std::optional<std::int64_t>& value) {
  append_key(out, key);
  if (value) {
    append_json_number(out, *value);
  } else {
    out += "null";
  }
}

void append_field(std::string& out, const char* key, const std::optional<std::array<double, 2>>& value) {
  append_key(out, key);
  if (!value) {
    out += "null";
    return;
  }
  out += '[';
  append_json_number(out, (*value)[0]);
  out += ',';
  append_json_number(out, (*value)[1]);
  out += ']';
}

void append_text_or_null(std::string& out, const char* key, std::string_view text) {
  append_key(out, key);
  if (text.empty()) {
    out += "null";
  } else {
    append_json_string(out, text);
  }
}

void append_texts(std::string& out, const char* key, const std::vector<std::string>& texts) {
  append_key(out, key);
  out += '[';
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, texts[i]);
  }
  out += ']';
}

void append_numbers(std::string& out, const char* key, const std::map<std::string, double>& values) {
  append_key(out, key);
  out += '{';
  bool first = true;
  for (const auto& [name, value] : values) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, name);
    out += ':';
    append_json_number(out, value);
  }
  out += '}';
}

void refuse_line(const std::string& what) { throw Error(ErrorKind::kInput, "not a line of results.jsonl: " + what); }

const json& member(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) refuse_line(std::string("no ") + key);
  return *found;
}

bool absent(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null();
}

std::string text_of(const json& object, const char* key) {
  const json& value = member(object, key);
  if (!value.is_string()) refuse_line(std::string(key) + " is not a text");
  return value.get<std::string>();
}

double number_of(const json& value, const char* key) {
  if (!value.is_number()) refuse_line(std::string(key) + " is not a number");
  return value.get<double>();
}

std::int64_t integer_of(const json& value, const char* key, std::int64_t max) {
  if (!value.is_number_integer()) refuse_line(std::string(key) + " is not a whole number");
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(max)) {
    refuse_line(std::string(key) + " is too large");
  }
  const auto number = value.get<std::int64_t>();
  if (number < 0 || number > max) refuse_line(std::string(key) + " is out of its range");
  return number;
}

int int_of(const json& value, const char* key) {
  return static_cast<int>(integer_of(value, key, std::numeric_limits<int>::max()));
}

std::map<std::string, double> numbers_of(const json& object, const char* key) {
  std::map<std::string, double> values;
  if (absent(object, key)) return values;
  const json& member_value = member(object, key);
  if (!member_value.is_object()) refuse_line(std::string(key) + " is not an object");
  for (const auto& [name, value] : member_value.items()) {
    if (!value.is_null()) values[name] = number_of(value, key);
  }
  return values;
}

std::string text_or_empty(const json& object, const char* key) {
  return absent(object, key) ? std::string() : text_of(object, key);
}

std::vector<std::string> texts_of(const json& object, const char* key) {
  std::vector<std::string> texts;
  if (absent(object, key)) return texts;
  const json& list = member(object, key);
  if (!list.is_array()) refuse_line(std::string(key) + " is not a list");
  for (const json& text : list) {
    if (!text.is_string()) refuse_line(std::string(key) + " holds what is not a text");
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

std::optional<double> optional_number(const json& object, const char* key) {
  if (absent(object, key)) return std::nullopt;
  return number_of(member(object, key), key);
}

std::optional<std::int64_t> optional_integer(const json& object, const char* key) {
  if (absent(object, key)) return std::nullopt;
  return integer_of(member(object, key), key, kMostOfAnything);
}

std::optional<std::array<double, 2>> optional_range(const json& object, const char* key) {
  if (absent(object, key)) return std::nullopt;
  const json& range = member(object, key);
  if (!range.is_array() || range.size() != 2) refuse_line(std::string(key) + " is not two numbers");
  return std::array{number_of(range[0], key), number_of(range[1], key)};
}

}  // namespace capillaryx
