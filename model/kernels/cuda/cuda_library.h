#ifndef DIFFUSER_MODEL_KERNELS_CUDA_CUDA_LIBRARY_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_CUDA_LIBRARY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/kernels/cuda/c_api.h"

namespace diffuser::kernels::cuda {

// The name under which the library is looked for.
inline constexpr char kLibraryName[] = "libdiffuser_cuda.so";

// libdiffuser_cuda.so, opened while the process runs. Immutable and thread-safe; closed with the
// last owner.
class CudaLibrary {
 public:
  // Opens the library at `path`; a path without a slash is looked for as the system does.
  // Errors: NOT_FOUND (no such library, or one that it needs is missing), FAILED_PRECONDITION (of
  // another version); both name the path, in one line.
  static absl::StatusOr<std::shared_ptr<const CudaLibrary>> Open(const std::string& path);

  // A table that is part of the program: for tests.
  static std::shared_ptr<const CudaLibrary> Of(const Api* api);

  CudaLibrary(const CudaLibrary&) = delete;
  CudaLibrary& operator=(const CudaLibrary&) = delete;
  ~CudaLibrary();

  // The devices that the kernels can run on, in the driver's order.
  // Errors: UNAVAILABLE, with the driver's reason in one line, where there is none.
  absl::StatusOr<std::vector<DeviceInfo>> Devices() const;

  const Api& api() const { return *api_; }

 private:
  CudaLibrary(void* handle, const Api* api) : handle_(handle), api_(api) {}

  void* handle_;  // null where the table is part of the program
  const Api* api_;
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_CUDA_LIBRARY_H_
