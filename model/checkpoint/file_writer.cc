#include "model/checkpoint/file_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace diffuser::checkpoint {
namespace {

// Makes a rename in `path`'s folder durable; false with errno where that fails.
bool SyncFolder(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const int fd = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY);
  if (fd < 0) return false;
  const auto closer = absl::MakeCleanup([fd] { close(fd); });
  return fsync(fd) == 0 || errno == EINVAL;  // some file systems cannot sync a folder
}

}  // namespace

FileWriter::FileWriter(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

FileWriter::FileWriter(FileWriter&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      written_bytes_(other.written_bytes_) {}

FileWriter& FileWriter::operator=(FileWriter&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(written_bytes_, other.written_bytes_);
  return *this;
}

FileWriter::~FileWriter() {
  if (fd_ < 0) return;
  close(fd_);
  std::remove(partial_path().c_str());
}

std::string FileWriter::partial_path() const { return path_ + ".partial"; }

// Speaks of errno.
absl::Status FileWriter::Failure(absl::string_view action, int64_t unwritten_bytes) const {
  const int error = errno;
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    return absl::ResourceExhaustedError(absl::StrCat(path_, ": no space to write ", unwritten_bytes,
                                                     " bytes (after ", written_bytes_,
                                                     " that fitted)"));
  }
  if (error == ENOENT || error == ENOTDIR) {
    return absl::NotFoundError(absl::StrCat(path_, ": its folder does not exist"));
  }
  return absl::ErrnoToStatus(error, absl::StrCat(path_, ": cannot ", action));
}

absl::StatusOr<FileWriter> FileWriter::Create(const std::string& path) {
  FileWriter writer(path, -1);
  writer.fd_ = open(writer.partial_path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (writer.fd_ < 0) return writer.Failure("create", 0);
  return writer;
}

absl::Status FileWriter::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failure("write", static_cast<int64_t>(bytes.size()));
    bytes.remove_prefix(static_cast<size_t>(count));
    written_bytes_ += count;
  }
  return absl::OkStatus();
}

absl::Status FileWriter::Commit() {
  // Where blocks are found late, a full disk shows only here.
  if (fsync(fd_) != 0 && errno != EINVAL) return Failure("sync", written_bytes_);
  if (close(std::exchange(fd_, -1)) != 0) {
    const absl::Status failure = Failure("close", written_bytes_);
    std::remove(partial_path().c_str());
    return failure;
  }
  if (std::rename(partial_path().c_str(), path_.c_str()) != 0) {
    const absl::Status failure = Failure("rename", written_bytes_);
    std::remove(partial_path().c_str());
    return failure;
  }
  if (!SyncFolder(path_)) return Failure("sync the folder", 0);
  return absl::OkStatus();
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view content) {
  absl::StatusOr<FileWriter> file = FileWriter::Create(path);
  if (!file.ok()) return file.status();
  const absl::Status appended = file->Append(content);
  if (!appended.ok()) return appended;
  return file->Commit();
}

}  // namespace diffuser::checkpoint
