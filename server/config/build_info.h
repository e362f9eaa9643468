#ifndef DIFFUSER_SERVER_CONFIG_BUILD_INFO_H_
#define DIFFUSER_SERVER_CONFIG_BUILD_INFO_H_

#include "absl/strings/string_view.h"

namespace diffuser::config {

// Which build this is.
struct BuildInfo {
  absl::string_view version;   // of the project: "0.1.0"
  absl::string_view revision;  // of the source: a commit's short hash, or "unknown"
  absl::string_view compiler;  // "gcc 12.2.0"
};

BuildInfo GetBuildInfo();

}  // namespace diffuser::config

#endif  // DIFFUSER_SERVER_CONFIG_BUILD_INFO_H_
