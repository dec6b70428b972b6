// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "cli/terminal.h"

namespace capillaryx::cli {
namespace {

constexpr int kNarrowest = 50;
constexpr int kWidest = 100;
constexpr int kNameColumns = 32;

int help_columns() {
  return isatty(STDOUT_FILENO) == 1 ? std::clamp(terminal_columns(STDOUT_FILENO) - 1, kNarrowest, kWidest) : kWidest;
}

/// A name and its description, broken between words; the description is indented behind the name.
std::string entry(const std::string& name, const std::string& description) {
  const int columns = help_columns();
  const int indent = columns < 80 ? 8 : kNameColumns;
  std::string text = "  " + name;
  std::size_t length = text.size();
  if (static_cast<int>(length) + 2 > indent) {
    text += "\n";
    length = 0;
  }
  text.append(indent - length, ' ');
  length = indent;
  for (std::size_t at = 0; at < description.size();) {
    const std::size_t end = std::min(description.find(' ', at), description.size());
    if (length + end - at > static_cast<std::size_t>(columns)) {
      text.pop_back();
      text += "\n" + std::string(indent, ' ');
      length = indent;
    }
    text += description.substr(at, end - at) + " ";
    length += end - at + 1;
    at = end + 1;
  }
  while (text.ends_with(' ')) text.pop_back();
  return text + "\n";
}

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_description(const CLI::App* app) const override { return app->get_description() + "\n\n"; }

  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string usage = "Usage: " + name;
    for (const CLI::Option* option : app->get_options([](const CLI::Option* o) { return o->get_positional(); })) {
      usage += " " + make_option_usage(option);
    }
    for (const CLI::Option* option :
         app->get_options([](const CLI::Option* o) { return o->nonpositional() && o->get_required(); })) {
      const std::string name_of_option =
          option->get_snames().empty() ? option->get_name() : "-" + option->get_snames().front();
      usage += " " + name_of_option + " " + option->get_type_name();
    }
    if (!app->get_subcommands([](const CLI::App*) { return true; }).empty()) usage += " COMMAND";
    usage += " [OPTIONS]\n";
    return app->get_subcommands([](const CLI::App*) { return true; }).empty() ? usage : usage + "\n";
  }

  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override {
    // The base class puts an empty line between groups.
    std::string text = is_positional ? "\n" : group + ":\n";
    for (const CLI::Option* option : options) text += make_option(option, is_positional);
    return is_positional ? text + "\n" : text;
  }

  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    std::string name = make_option_name(option, is_positional);
    if (!is_positional) {
      if (const auto comma = name.find(','); comma != std::string::npos) name.insert(comma + 1, " ");
      if (option->get_type_size() != 0 && !option->get_type_name().empty()) name += " " + option->get_type_name();
    }
    return entry(name, option->get_description());
  }

  std::string make_subcommand(const CLI::App* command) const override {
    return entry(command->get_name(), command->get_description());
  }

  std::string make_footer(const CLI::App* app) const override {
    return app->get_footer().empty() ? "" : app->get_footer() + "\n";
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_formatter() { return std::make_shared<HelpFormatter>(); }

}  // namespace capillaryx::cli
