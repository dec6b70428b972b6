// SPDX-License-Identifier: Apache-2.0
#include "sink/run_line.h"

#include "options/options_json.h"
#include "os/machine.h"
#include "sink/json_text.h"
#include "sink/notice.h"
#include "sink/results_reader.h"

namespace capillaryx {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string shown(const json& value) { return value.is_null() ? "not given" : value.dump(); }

void compare(std::string& text, const std::string& name, const json& then, const json& now) {
  if (then == now) return;
  text += "  " + name + " was " + shown(then) + ", is now " + shown(now) + "\n";
}

json at(const json& object, const char* pointer) {
  const json::json_pointer place(pointer);
  return object.contains(place) ? object.at(place) : json();
}

}  // namespace

ordered_json run_line(const Options& options, const RunIdentity& identity) {
  const json every_option = options_to_json(options);
  ordered_json inputs = ordered_json::array();
  for (const std::string& input : identity.inputs) inputs.push_back(clean_utf8(input));
  ordered_json limits;
  visit_fields(options, [&](const FieldInfo& info, const auto&) {
    const std::string name(info.name);
    if (info.group == "limits" && !info.changes_results) limits[name] = every_option.at(name);
  });
  const MachineInfo machine = machine_info();
  ordered_json line;
  line["type"] = "run";
  line["schema"] = kSchema;
  line["notice"] = kNotice;
  line["definitions"] = kDefinitions;
  line["version"] = clean_utf8(identity.version);
  line["commit"] = clean_utf8(identity.commit);
  line["options"] = options_to_json(options, OptionFields::kThatChangeResults);
  line["model"] = {{"name", clean_utf8(identity.model.name)}, {"sha256", clean_utf8(identity.model.sha256)}};
  line["analyzer"] = {{"name", clean_utf8(identity.analyzer_name)}, {"version", clean_utf8(identity.analyzer_version)}};
  line["host"] = {{"executor", clean_utf8(identity.executor)},
                  {"workers", identity.workers},
                  {"worker_kind", to_string(options.worker_kind)},
                  {"paths", {{"inputs", std::move(inputs)}, {"model", clean_utf8(options.model)}}},
                  {"study", {{"levels", clean_utf8(options.levels)}, {"compare", clean_utf8(options.compare)}}},
                  {"limits", std::move(limits)},
                  {"pictures",
                   {{"overlays", options.overlays},
                    {"overlay_format", to_string(options.overlay_format)},
                    {"pictures", to_string(options.pictures)},
                    {"stages", options.stages}}},
                  {"machine",
                   {{"processor", clean_utf8(machine.processor)},
                    {"cores", machine.cores},
                    {"memory_mb", machine.memory_mb},
                    {"system", clean_utf8(machine.system)}}}};
  return line;
}

std::string find_differences(const json& then, const json& now) {
  std::string text;
  for (const char* place : {"/schema", "/version", "/commit", "/analyzer/name", "/analyzer/version", "/model/sha256",
                            "/host/paths/inputs", "/host/pictures/overlays", "/host/pictures/overlay_format",
                            "/host/pictures/pictures", "/host/pictures/stages"}) {
    std::string name(place + 1);
    for (const char* prefix : {"host/paths/", "host/pictures/"}) {
      if (name.starts_with(prefix)) name.erase(0, std::string_view(prefix).size());
    }
    compare(text, name, at(then, place), at(now, place));
  }
  const json then_options = at(then, "/options");
  const json now_options = at(now, "/options");
  if (!then_options.is_object()) return text + "  its options cannot be read\n";
  for (const auto& [name, value] : now_options.items()) compare(text, name, then_options.value(name, json()), value);
  for (const auto& [name, value] : then_options.items()) {
    if (!now_options.contains(name)) compare(text, name, value, json());
  }
  return text;
}

}  // namespace capillaryx
