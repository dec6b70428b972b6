// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace capillaryx {

/// Micrometres per unit of length as OME and ImageJ name units: um (in all its spellings), nm, mm, cm, m. Absent for
/// anything else: a pixel has no length, and inches come from printers.
std::optional<double> um_per_unit(std::string_view unit);

/// Seconds per unit of time: s, ms, us, ns, min, h. Absent for anything else.
std::optional<double> s_per_unit(std::string_view unit);

/// Whether a pixel of a microscope's picture may have this size: 0.01 to 100 um.
bool plausible_scale(double um_per_px);

}  // namespace capillaryx
