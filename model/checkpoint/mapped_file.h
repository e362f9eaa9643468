#ifndef DIFFUSER_MODEL_CHECKPOINT_MAPPED_FILE_H_
#define DIFFUSER_MODEL_CHECKPOINT_MAPPED_FILE_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "model/checkpoint/bytes.h"

namespace diffuser::checkpoint {

// A regular file mapped read-only. Move-only; unmaps when it goes. Its bytes may be read from any
// thread. The file must not be cut short while it is mapped (the kernel would answer with SIGBUS);
// replacing it by rename is fine.
class MappedFile {
 public:
  // Errors: NOT_FOUND (no such file), PERMISSION_DENIED, INVALID_ARGUMENT (not a regular file), or
  // what errno says. None is worth a retry without a change.
  static absl::StatusOr<MappedFile> Open(const std::string& path);

  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MappedFile();

  Bytes bytes() const { return bytes_; }

  // Gives the memory that its pages take back to the system; what is read again is mapped again.
  void ReleasePages() const;

 private:
  explicit MappedFile(Bytes bytes) : bytes_(bytes) {}

  Bytes bytes_;
};

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_MAPPED_FILE_H_
