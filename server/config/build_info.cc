#include "server/config/build_info.h"

#include "server/config/revision.h"

namespace diffuser::config {

BuildInfo GetBuildInfo() {
  return {.version = DIFFUSER_VERSION,
          .revision = DIFFUSER_REVISION,
#ifdef __clang__
          .compiler = "clang " __clang_version__};
#else
          .compiler = "gcc " __VERSION__};
#endif
}

}  // namespace diffuser::config
