// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/json_text.h"

/// Members of the lines of results.jsonl: written by hand, read by the JSON library, as what is read may be hostile.
namespace capillaryx {

/// Appends `,"key":`.
void append_key(std::string& out, const char* key);

/// Appends a member with a number, see append_json_number.
template <class Number>
void append_field(std::string& out, const char* key, Number value) {
  append_key(out, key);
  append_json_number(out, value);
}

/// Appends a member with a number, or with null if there is none.
void append_field(std::string& out, const char* key, const std::optional<double>& value);
void append_field(std::string& out, const char* key, const std::optional<std::int64_t>& value);
/// With two numbers, or null.
void append_field(std::string& out, const char* key, const std::optional<std::array<double, 2>>& value);
/// With a text; null for an empty one.
void append_text_or_null(std::string& out, const char* key, std::string_view text);
void append_texts(std::string& out, const char* key, const std::vector<std::string>& texts);
void append_numbers(std::string& out, const char* key, const std::map<std::string, double>& values);

/// Throws Error (kInput): the line is none of ours.
[[noreturn]] void refuse_line(const std::string& what);

/// The member `key`; refuses the line if it has none.
const nlohmann::json& member(const nlohmann::json& object, const char* key);
/// Whether there is no such member, or it is null.
bool absent(const nlohmann::json& object, const char* key);

// Each refuses the line if the value is another.
std::string text_of(const nlohmann::json& object, const char* key);
double number_of(const nlohmann::json& value, const char* key);
std::int64_t integer_of(const nlohmann::json& value, const char* key, std::int64_t max);
int int_of(const nlohmann::json& value, const char* key);
std::map<std::string, double> numbers_of(const nlohmann::json& object, const char* key);
// Absent members give nothing.
std::string text_or_empty(const nlohmann::json& object, const char* key);
std::vector<std::string> texts_of(const nlohmann::json& object, const char* key);
std::optional<double> optional_number(const nlohmann::json& object, const char* key);
std::optional<std::int64_t> optional_integer(const nlohmann::json& object, const char* key);
std::optional<std::array<double, 2>> optional_range(const nlohmann::json& object, const char* key);

/// No index, page or count of a line is larger.
constexpr std::int64_t kMostOfAnything = 1'000'000'000'000'000;

}  // namespace capillaryx
