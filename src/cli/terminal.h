// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace capillaryx::cli {

/// Whether a person looks at `descriptor`: a terminal that can move its cursor.
bool is_terminal(int descriptor);

/// Whether colour may be used there: a terminal, and NO_COLOR is not set.
bool takes_colour(int descriptor);

/// Columns of the terminal; 80 where that is not known.
int terminal_columns(int descriptor);

/// Text of any origin, safe to print: control characters as \xNN, line ends as \n.
std::string printable(std::string_view text);

/// As above for messages of several lines: line ends stay.
std::string printable_lines(std::string_view text);

/// Seconds as 4:05 or 1:02:03.
std::string clock_text(double seconds);

}  // namespace capillaryx::cli
