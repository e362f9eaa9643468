#include "model/layers/guard.h"

#include <c10/util/Exception.h>

#include <exception>
#include <new>

#include "absl/strings/match.h"

namespace diffuser::layers {
namespace {

absl::Status OutOfMemory() {
  return absl::ResourceExhaustedError("out of memory while computing; a smaller batch takes less");
}

// LibTorch's CPU allocator has no exception type of its own: its message is all that tells.
bool IsOutOfMemory(const c10::Error& error) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         absl::StrContains(error.what_without_backtrace(), "DefaultCPUAllocator");
}

absl::Status Internal(const std::function<void(const std::string&)>& report, const char* details) {
  if (report) report(details);
  return absl::InternalError("the model failed to compute; the log has the details");
}

}  // namespace

absl::Status GuardTorch(const std::function<void(const std::string&)>& report,
                        absl::FunctionRef<absl::Status()> body) {
  try {
    return body();
  } catch (const c10::Error& error) {
    if (IsOutOfMemory(error)) return OutOfMemory();
    return Internal(report, error.what());
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  } catch (const std::exception& error) {
    return Internal(report, error.what());
  }
}

}  // namespace diffuser::layers
