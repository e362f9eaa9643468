#ifndef DIFFUSER_MODEL_DEVICE_STATUS_ERROR_H_
#define DIFFUSER_MODEL_DEVICE_STATUS_ERROR_H_

#include <functional>
#include <stdexcept>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace diffuser::device {

// A Status on its way up among what LibTorch throws: within this folder, work on a device fails by
// exceptions, whether LibTorch or a kernel of the project's own ran it.
class StatusError : public std::runtime_error {
 public:
  explicit StatusError(absl::Status status)
      : std::runtime_error(status.ToString()), status_(std::move(status)) {}

  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

// Throws a StatusError unless it is OK.
void ThrowIfError(const absl::Status& status);

// layers::GuardTorch, which knows a StatusError, too: RESOURCE_EXHAUSTED stays what it is, anything
// else becomes INTERNAL without details.
absl::Status GuardDevice(const std::function<void(const std::string&)>& report,
                         absl::FunctionRef<void()> body);

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_STATUS_ERROR_H_
