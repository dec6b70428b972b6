// SPDX-License-Identifier: Apache-2.0
// Any bytes are a study file or an Error; what is read is written and read back the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "capillaryx/error.h"
#include "study/study_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  capillaryx::Study study;
  try {
    study = capillaryx::parse_study({reinterpret_cast<const char*>(data), size}, "study.csv");
  } catch (const capillaryx::Error&) {
    return 0;
  }
  const capillaryx::Study again = capillaryx::parse_study(capillaryx::study_text(study), "again.csv");
  if (again.rows.size() != study.rows.size()) std::abort();
  for (std::size_t i = 0; i < study.rows.size(); ++i) {
    if (again.rows[i].file != study.rows[i].file || again.rows[i].labels != study.rows[i].labels) std::abort();
  }
  return 0;
}
