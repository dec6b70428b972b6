// SPDX-License-Identifier: Apache-2.0
#include "study/study_tables.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sink/json_text.h"

namespace capillaryx {
namespace {

Cell label_cell(const std::map<std::string, std::string>& labels, const std::string& column) {
  const auto found = labels.find(column);
  return found == labels.end() ? Cell() : cell(found->second);
}

Cell percent(const std::optional<double>& fraction) {
  return rounded_cell(fraction ? std::optional<double>(100 * *fraction) : std::nullopt);
}

}  // namespace

Table measurements_table(const std::vector<Measurement>& measurements, const std::vector<std::string>& label_columns) {
  std::vector<std::string> names;
  for (const Quantity& quantity : quantities()) names.emplace_back(quantity.name);
  std::set<std::string> others;
  for (const Measurement& measurement : measurements) {
    for (const auto& [name, value] : measurement.values) others.insert(name);
  }
  for (const std::string& name : names) others.erase(name);
  names.insert(names.end(), others.begin(), others.end());

  Table table;
  table.name = "measurements";
  table.columns = label_columns;
  for (const char* column : {"file", "kind", "frames", "usable_frames", "width", "height", "valid_px",
                             "scale_um_per_px", "scale_from", "magnification"}) {
    table.columns.emplace_back(column);
  }
  table.columns.insert(table.columns.end(), names.begin(), names.end());
  for (const char* column : {"counts", "reason", "note"}) table.columns.emplace_back(column);
  for (const Measurement& measurement : measurements) {
    std::vector<Cell> row;
    for (const std::string& column : label_columns) row.push_back(label_cell(measurement.labels, column));
    const auto known = [](std::int64_t value) { return value > 0 ? cell(value) : Cell(); };
    row.insert(row.end(), {cell(measurement.file), cell(std::string(measurement.clip ? "clip" : "field")),
                           cell(measurement.frames), cell(measurement.usable_frames), known(measurement.width),
                           known(measurement.height), known(measurement.valid_px), cell(measurement.scale_um_per_px),
                           cell(measurement.scale_from), cell(measurement.magnification)});
    for (const std::string& name : names) {
      const auto value = measurement.values.find(name);
      row.push_back(value == measurement.values.end() ? Cell() : cell(std::optional<double>(value->second)));
    }
    row.insert(row.end(), {cell(std::string(measurement.reason.empty() ? "yes" : "no")), cell(measurement.reason),
                           cell(measurement.note)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table groups_table(const std::vector<LevelRow>& rows, const std::vector<std::string>& label_columns) {
  Table table;
  table.name = "groups";
  table.columns = {"quantity", "unit", "statistic", "level"};
  table.columns.insert(table.columns.end(), label_columns.begin(), label_columns.end());
  for (const char* column :
       {"compared", "from", "to", "of", "n", "value", "sd", "cv_percent", "low", "high", "p", "effect_size",
        "change_percent", "change_low_percent", "change_high_percent", "measurements", "left_out", "reason", "note"}) {
    table.columns.emplace_back(column);
  }
  for (const LevelRow& row : rows) {
    std::vector<Cell> cells{cell(row.quantity), cell(row.unit), cell(row.statistic), cell(row.level)};
    for (const std::string& column : label_columns) cells.push_back(label_cell(row.labels, column));
    cells.insert(cells.end(), {cell(row.compared), cell(row.from), cell(row.to), cell(row.of), cell(row.n),
                               rounded_cell(row.value), rounded_cell(row.sd), percent(row.cv), rounded_cell(row.low),
                               rounded_cell(row.high), rounded_cell(row.p), rounded_cell(row.effect_size),
                               percent(row.change), percent(row.change_low), percent(row.change_high),
                               cell(row.measurements), cell(row.left_out), cell(row.reason), cell(row.note)});
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Table definitions_table() {
  Table table;
  table.name = "definitions";
  table.columns = {"column", "unit", "definition"};
  const auto add = [&](const char* column, const char* unit, const char* definition) {
    table.rows.push_back({cell(std::string(column)), cell(std::string(unit)), cell(std::string(definition))});
  };
  for (const Quantity& quantity : quantities()) add(quantity.name, quantity.unit, quantity.definition);
  add("kind", "", "field: one still; clip: one file of several frames. Either is one measurement");
  add("frames", "frames", "analysed frames of the file");
  add("usable_frames", "frames", "frames that were analysed and are fit to be measured");
  add("valid_px", "px", "pixels that are not masked out; of a clip: of the tissue that was seen");
  add("scale_um_per_px", "um/px", "scale; scale_from says who gave it");
  add("counts", "", "yes: the measurement counts in the means; no: reason says why not");
  add("value", "of the quantity", "mean over the level below (column of), mean paired difference, or correlation");
  add("n", "", "values that the row is made of");
  add("sd", "of the quantity", "standard deviation of these values, n - 1");
  add("cv_percent", "%", "standard deviation / mean");
  add("low", "of the quantity", "lower end of the 95 % interval: Student's t over these values");
  add("high", "of the quantity", "upper end of the 95 % interval");
  add("p", "", "two-sided paired t test of no difference; not adjusted for the number of comparisons");
  add("effect_size", "", "Hedges' g_av: mean difference / root of the mean variance, corrected for small n");
  add("change_percent", "%", "mean of 'to' / mean of 'from' - 1, with Fieller's 95 % interval");
  add("icc(1,1)", "", "one-way random effects, single measurement: fields nested in the innermost level");
  add("icc(2,1)", "", "two-way random effects, absolute agreement, single measurement: visits that cross subjects");
  add("left_out", "", "measurements of this place that count in no mean");
  return table;
}

Table run_table(const nlohmann::json& run, const LevelOptions& options) {
  Table table;
  table.name = "run";
  table.columns = {"name", "value"};
  const auto add = [&](const std::string& name, const std::string& value) {
    table.rows.push_back({cell(name), cell(value)});
  };
  const auto text = [](const nlohmann::json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  for (const char* name : {"notice", "definitions", "version", "commit"}) {
    if (run.contains(name)) add(name, text(run[name]));
  }
  for (const char* name : {"model", "analyzer", "options"}) {
    if (!run.contains(name) || !run[name].is_object()) continue;
    for (const auto& [key, value] : run[name].items()) add(std::string(name) + "." + key, text(value));
  }
  const auto joined = [](const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ",") + name;
    return all;
  };
  add("levels", joined(options.levels));
  add("compare", joined(options.compare));
  return table;
}

}  // namespace capillaryx
