// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "capillaryx/frame.h"
#include "executor/messages_generated.h"

namespace capillaryx {

/// Facts about an input file, for a message under way in `builder`. `page_times`: with the time of each page.
flatbuffers::Offset<wire::Input> write_input(flatbuffers::FlatBufferBuilder& builder, const InputInfo& input,
                                             bool page_times);

/// Facts about a file as they came, checked: finite numbers, sizes that fit. Throws ProtocolError.
std::shared_ptr<const InputInfo> read_input(const wire::Input& message);

/// The texts of a message's list.
std::vector<std::string> read_texts(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>& texts);

/// A hash that is empty or 64 hexadecimal digits. Throws ProtocolError.
std::string read_sha256(const flatbuffers::String& text);

/// A finite number. Throws ProtocolError.
double read_finite(double value);

}  // namespace capillaryx
