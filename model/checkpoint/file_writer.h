#ifndef DIFFUSER_MODEL_CHECKPOINT_FILE_WRITER_H_
#define DIFFUSER_MODEL_CHECKPOINT_FILE_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace diffuser::checkpoint {

// Writes one file that is there whole or not at all: into PATH.partial, which takes PATH's name
// once all of it is on the disk. Until Commit has succeeded PATH is what it was before.
//
//   absl::StatusOr<FileWriter> file = FileWriter::Create("model.safetensors");
//   if (!file.ok()) return file.status();
//   if (absl::Status status = file->Append(bytes); !status.ok()) return status;
//   return file->Commit();
//
// Move-only; removes PATH.partial when it goes without Commit. What a killed process leaves of it
// is overwritten by the next one. Two writers of one path at a time would spoil each other's file.
//
// Errors of all functions: RESOURCE_EXHAUSTED (disk full or over quota) naming the file and the
// bytes that did not fit, NOT_FOUND (no such folder), PERMISSION_DENIED, or what errno says. After
// an error the writer is only good to be dropped.
class FileWriter {
 public:
  static absl::StatusOr<FileWriter> Create(const std::string& path);

  FileWriter(FileWriter&& other) noexcept;
  FileWriter& operator=(FileWriter&& other) noexcept;
  ~FileWriter();

  // Blocks: on the disk.
  absl::Status Append(absl::string_view bytes);

  // Makes the file durable (fsync, also of its folder) and gives it its name. Nothing may be
  // appended afterwards.
  absl::Status Commit();

 private:
  FileWriter(std::string path, int fd);
  std::string partial_path() const;
  absl::Status Failure(absl::string_view action, int64_t unwritten_bytes) const;

  std::string path_;
  int fd_;  // -1: committed, or moved from
  int64_t written_bytes_ = 0;
};

// The same for content that is at hand in one piece.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view content);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_FILE_WRITER_H_
