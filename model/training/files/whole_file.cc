#include "model/training/files/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace diffuser::training {
namespace {

absl::Status Failed(const char* what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot be ", what));
}

absl::Status WriteAll(int file, const std::string& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("written", path);
    text.remove_prefix(written);
  }
  return ::fsync(file) == 0 ? absl::OkStatus() : Failed("written", path);
}

// So that the new name survives a power cut; not all file systems can, so nothing depends on it.
void SyncFolder(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Failed("opened", path);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) return absl::InternalError(absl::StrCat(path, ": cannot be read"));
  return text;
}

absl::Status WriteWholeFile(const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return Failed("made", beside);
  absl::Cleanup remove = [&] { ::unlink(beside.c_str()); };
  absl::Status status = WriteAll(file, beside, text);
  if (::close(file) != 0 && status.ok()) status = Failed("written", beside);
  if (!status.ok()) return status;
  if (std::rename(beside.c_str(), path.c_str()) != 0) return Failed("replaced", path);
  std::move(remove).Cancel();
  SyncFolder(path);
  return absl::OkStatus();
}

}  // namespace diffuser::training
