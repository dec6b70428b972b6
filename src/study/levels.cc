// SPDX-License-Identifier: Apache-2.0
#include "study/levels.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "capillaryx/error.h"
#include "source/source_name.h"
#include "study/statistics.h"

namespace capillaryx {
namespace {

constexpr std::size_t kMostComparedPairwise = 8;  // beyond, each value is compared with the first alone

constexpr std::array<Quantity, 4> kQuantities{{
    {"density", "fraction", "pixels inside the accepted contours / valid pixels", false},
    {"count", "capillaries", "accepted capillaries of the field or clip", false},
    {"count_per_mm2", "1/mm2", "count / (valid pixels x scale^2 / 1e6)", true},
    {"capillary_area_um2", "um2", "mean over capillaries of contour area x scale^2", true},
}};

struct NaturalLess {
  bool operator()(const std::string& a, const std::string& b) const { return natural_less(a, b); }
  bool operator()(const std::vector<std::string>& a, const std::vector<std::string>& b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), *this);
  }
};

using Members = std::vector<const Measurement*>;
using Key = std::vector<std::string>;

std::string label_of(const Measurement& measurement, const std::string& column) {
  const auto found = measurement.labels.find(column);
  return found == measurement.labels.end() ? std::string() : found->second;
}

/// The means of what lies below one place in the tree, and the measurements that they are made of.
struct Node {
  std::vector<double> values;
  Members members;
};
using Nodes = std::map<Key, Node, NaturalLess>;

/// The tree of one quantity: element k holds the nodes with a label for each of the first k levels.
std::vector<Nodes> make_tree(const Members& members, const std::string& quantity,
                             const std::vector<std::string>& levels) {
  std::vector<Nodes> tree(levels.size() + 1);
  for (const Measurement* measurement : members) {
    Key key;
    for (const std::string& level : levels) key.push_back(label_of(*measurement, level));
    Node& node = tree.back()[key];
    node.members.push_back(measurement);
    const auto value = measurement->values.find(quantity);
    if (value != measurement->values.end()) node.values.push_back(value->second);
  }
  for (std::size_t k = levels.size(); k > 0; --k) {
    for (const auto& [key, node] : tree[k]) {
      Node& above = tree[k - 1][Key(key.begin(), key.end() - 1)];
      above.members.insert(above.members.end(), node.members.begin(), node.members.end());
      if (!node.values.empty()) above.values.push_back(mean_of(node.values));
    }
  }
  return tree;
}

std::vector<std::string> values_of_column(const Members& members, const std::string& column) {
  std::set<std::string, NaturalLess> values;
  for (const Measurement* measurement : members) {
    std::string label = label_of(*measurement, column);
    if (!label.empty()) values.insert(std::move(label));
  }
  return {values.begin(), values.end()};
}

Members with_label(const Members& members, const std::string& column, const std::string& label) {
  Members out;
  for (const Measurement* measurement : members) {
    if (label_of(*measurement, column) == label) out.push_back(measurement);
  }
  return out;
}

std::map<std::string, std::string> shared_labels(const Members& members) {
  if (members.empty()) return {};
  std::map<std::string, std::string> shared = members[0]->labels;
  for (const Measurement* measurement : members) {
    std::erase_if(shared, [&](const auto& label) { return label_of(*measurement, label.first) != label.second; });
  }
  std::erase_if(shared, [](const auto& label) { return label.second.empty(); });
  return shared;
}

class Summary {
 public:
  Summary(const std::vector<Measurement>& measurements, const LevelOptions& options) : options_(options) {
    for (const Measurement& measurement : measurements) {
      all_.push_back(&measurement);
      if (measurement.reason.empty()) counting_.push_back(&measurement);
    }
    for (const std::string& column : options.compare) {
      if (values_of_column(counting_, column).size() < 2) continue;
      (varies_within_unit(column) ? within_ : between_).push_back(column);
    }
  }

  std::vector<LevelRow> rows() {
    for (const Quantity& quantity : kQuantities) add_quantity(quantity);
    std::set<std::string> others;
    for (const Measurement* measurement : counting_) {
      for (const auto& [name, value] : measurement->values) others.insert(name);
    }
    for (const Quantity& quantity : kQuantities) others.erase(quantity.name);
    for (const std::string& name : others) add_quantity({name.c_str(), "", "", false});
    return std::move(rows_);
  }

 private:
  const std::string& unit_level() const { return options_.levels.front(); }

  bool varies_within_unit(const std::string& column) const {
    std::map<std::string, std::string> first;
    for (const Measurement* measurement : counting_) {
      const std::string label = label_of(*measurement, column);
      if (label.empty()) continue;
      const auto [unit, is_new] = first.emplace(label_of(*measurement, unit_level()), label);
      if (!is_new && unit->second != label) return true;
    }
    return false;
  }

  std::string below(std::size_t k) const { return k == options_.levels.size() ? "measurement" : options_.levels[k]; }

  LevelRow make_row(const Quantity& quantity, const char* statistic, const std::string& level, const std::string& of,
                    const Members& members) const {
    LevelRow row;
    row.quantity = quantity.name;
    row.unit = quantity.unit;
    row.statistic = statistic;
    row.level = level;
    row.of = of;
    row.labels = shared_labels(members);
    row.note = compare_scales(members, quantity.needs_scale);
    for (const Measurement* measurement : members) {
      row.measurements += static_cast<std::int64_t>(measurement->values.count(quantity.name));
    }
    return row;
  }

  /// Measurements that count in no mean but would in this row.
  std::int64_t left_out(const std::map<std::string, std::string>& labels) const {
    return std::count_if(all_.begin(), all_.end(), [&](const Measurement* measurement) {
      return !measurement->reason.empty() && std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
        return label_of(*measurement, label.first) == label.second;
      });
    });
  }

  void add_mean(const Quantity& quantity, const std::string& level, const std::string& of, const Node& node,
                const std::map<std::string, std::string>& place) {
    LevelRow row = make_row(quantity, "mean", level, of, node.members);
    const Description about = describe(node.values);
    row.n = about.n;
    row.value = about.mean;
    row.sd = about.sd;
    row.cv = about.cv;
    row.low = about.low;
    row.high = about.high;
    row.reason = about.reason;
    if (node.values.empty() && quantity.needs_scale) row.reason = "no scale is known";
    if (node.values.size() == 1) row.reason = "only one " + of;
    row.left_out = left_out(place);
    rows_.push_back(std::move(row));
  }

  void add_quantity(const Quantity& quantity) {
    const std::vector<Nodes> tree = make_tree(counting_, quantity.name, options_.levels);
    for (std::size_t k = options_.levels.size(); k > 0; --k) {
      for (const auto& [key, node] : tree[k]) {
        std::map<std::string, std::string> place;
        for (std::size_t i = 0; i < k; ++i) place[options_.levels[i]] = key[i];
        add_mean(quantity, options_.levels[k - 1], below(k), node, place);
      }
    }
    add_stratum(quantity, counting_, {});
    for (const std::string& column : between_) {
      const std::vector<std::string> labels = values_of_column(counting_, column);
      for (const std::string& label : labels)
        add_stratum(quantity, with_label(counting_, column, label), {{column, label}});
      for_pairs(labels, [&](const std::string& from, const std::string& to) {
        LevelRow row = make_row(quantity, "difference", "all", unit_level(), counting_);
        row.compared = column;
        row.from = from;
        row.to = to;
        row.reason = "no " + unit_level() + " has both, and unpaired groups are not compared";
        rows_.push_back(std::move(row));
      });
    }
    std::vector<std::vector<double>> targets;
    for (const auto& [key, node] : tree.back()) targets.push_back(node.values);
    add_icc(make_row(quantity, "icc(1,1)", "all", options_.levels.back(), counting_), icc_nested(targets));
  }

  template <class Function>
  static void for_pairs(const std::vector<std::string>& labels, Function&& function) {
    const std::size_t firsts = labels.size() > kMostComparedPairwise ? 1 : labels.size();
    for (std::size_t i = 0; i < firsts; ++i) {
      for (std::size_t j = i + 1; j < labels.size(); ++j) function(labels[i], labels[j]);
    }
  }

  void add_icc(LevelRow row, const Icc& icc) {
    row.unit = "";
    row.n = icc.targets;
    row.value = icc.icc;
    row.low = icc.low;
    row.high = icc.high;
    row.reason = icc.reason;
    rows_.push_back(std::move(row));
  }

  /// Everything over units (subjects) of one stratum: their mean, and what varies within them.
  void add_stratum(const Quantity& quantity, const Members& members, const std::map<std::string, std::string>& place) {
    const auto top = [&](const Members& some) -> Node {
      Nodes nodes = make_tree(some, quantity.name, options_.levels).front();
      return nodes.empty() ? Node() : std::move(nodes.begin()->second);
    };
    add_mean(quantity, "all", unit_level(), top(members), place);
    for (const std::string& column : within_) add_comparison(quantity, members, place, column);
  }

  void add_comparison(const Quantity& quantity, const Members& members, const std::map<std::string, std::string>& place,
                      const std::string& column) {
    const std::vector<std::string> labels = values_of_column(members, column);
    std::vector<std::map<std::string, double, NaturalLess>> units(labels.size());  // unit -> its mean at that label
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const std::vector<Nodes> tree = make_tree(with_label(members, column, labels[i]), quantity.name, options_.levels);
      for (const auto& [key, node] : tree[1]) {
        if (!node.values.empty()) units[i][key[0]] = mean_of(node.values);
      }
      auto here = place;
      here[column] = labels[i];
      if (!tree[0].empty()) add_mean(quantity, "all", unit_level(), tree[0].begin()->second, here);
      rows_.back().compared = column;
    }
    const auto index = [&](const std::string& label) {
      return static_cast<std::size_t>(std::find(labels.begin(), labels.end(), label) - labels.begin());
    };
    for_pairs(labels, [&](const std::string& from, const std::string& to) {
      add_difference(quantity, members, column, from, to, units[index(from)], units[index(to)]);
    });
    std::vector<std::vector<double>> complete;
    for (const auto& [unit, value] : units.empty() ? std::map<std::string, double, NaturalLess>() : units[0]) {
      std::vector<double> row;
      for (const auto& at_label : units) {
        if (const auto found = at_label.find(unit); found != at_label.end()) row.push_back(found->second);
      }
      if (row.size() == labels.size()) complete.push_back(std::move(row));
    }
    LevelRow row = make_row(quantity, "icc(2,1)", "all", unit_level(), members);
    row.compared = column;
    add_icc(std::move(row), icc_crossed(complete));
  }

  void add_difference(const Quantity& quantity, const Members& members, const std::string& column,
                      const std::string& from, const std::string& to,
                      const std::map<std::string, double, NaturalLess>& before,
                      const std::map<std::string, double, NaturalLess>& after) {
    std::vector<double> x;
    std::vector<double> y;
    for (const auto& [unit, value] : before) {
      if (const auto found = after.find(unit); found != after.end()) {
        x.push_back(value);
        y.push_back(found->second);
      }
    }
    Members both = with_label(members, column, from);
    const Members second = with_label(members, column, to);
    both.insert(both.end(), second.begin(), second.end());
    LevelRow row = make_row(quantity, "difference", "all", unit_level(), both);
    row.compared = column;
    row.from = from;
    row.to = to;
    const PairedDifference about = paired_difference(x, y);
    row.n = about.n;
    row.value = about.mean;
    row.sd = about.sd;
    row.low = about.low;
    row.high = about.high;
    row.p = about.p;
    row.effect_size = about.effect_size;
    row.change = about.change;
    row.change_low = about.change_low;
    row.change_high = about.change_high;
    row.reason = about.reason;
    if (about.n == 0) row.reason = "no " + unit_level() + " has a value at both";
    if (about.n == 1) row.reason = "only one " + unit_level() + " has a value at both";
    rows_.push_back(std::move(row));
  }

  const LevelOptions& options_;
  Members all_;
  Members counting_;
  std::vector<std::string> within_;   ///< compared columns that vary within a unit
  std::vector<std::string> between_;  ///< those that do not
  std::vector<LevelRow> rows_;
};

template <class Value>
std::string listed(const std::set<Value>& values) {
  std::string text;
  for (const Value& value : values) text += fmt::format("{}{:.6g}", text.empty() ? "" : ", ", value);
  return text;
}

}  // namespace

std::span<const Quantity> quantities() { return kQuantities; }

std::string compare_scales(const std::vector<const Measurement*>& measurements, bool needs_scale) {
  std::set<double> scales;
  std::set<double> magnifications;
  std::size_t without = 0;
  for (const Measurement* measurement : measurements) {
    if (measurement->scale_um_per_px) {
      scales.insert(*measurement->scale_um_per_px);
    } else {
      ++without;
    }
    if (measurement->magnification) magnifications.insert(*measurement->magnification);
  }
  std::string note;
  const auto add = [&](const std::string& text) { note += (note.empty() ? "" : "; ") + text; };
  if (scales.size() > 1) add("scales differ: " + listed(scales) + " um/px");
  if (without > 0 && !scales.empty()) {
    add(fmt::format("{} of {} measurements have no scale{}", without, measurements.size(),
                    needs_scale ? " and are left out" : ""));
  }
  if (magnifications.size() > 1) add("magnifications differ: " + listed(magnifications));
  return note;
}

void sort_measurements(std::vector<Measurement>& measurements, const LevelOptions& options) {
  std::stable_sort(measurements.begin(), measurements.end(), [&](const Measurement& a, const Measurement& b) {
    for (const std::string& level : options.levels) {
      const std::string x = label_of(a, level);
      const std::string y = label_of(b, level);
      if (x != y) return natural_less(x, y);
    }
    return a.file != b.file && natural_less(a.file, b.file);
  });
}

std::vector<LevelRow> summarise(const std::vector<Measurement>& measurements, const LevelOptions& options) {
  if (options.levels.empty()) throw Error(ErrorKind::kUsage, "--levels names no column");
  return Summary(measurements, options).rows();
}

}  // namespace capillaryx
