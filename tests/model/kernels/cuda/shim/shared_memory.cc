#include "tests/model/kernels/cuda/shim/shared_memory.h"

#include "absl/strings/str_cat.h"

namespace diffuser::kernels::cuda::shim {
namespace {

constexpr size_t kCellBytes = 2;
constexpr size_t kMaxReports = 8;
constexpr std::byte kUnwritten{0xff};  // a NaN in every type

}  // namespace

SharedMemory::SharedMemory(size_t bytes)
    : data_(bytes, kUnwritten), cells_((bytes + kCellBytes - 1) / kCellBytes) {}

SharedMemory::Stamp SharedMemory::Now(Access access) {
  const ThreadState& thread = Current();
  return {.thread = thread.cluster_thread,
          .warp = thread.warp,
          .block = thread.block,
          .warp_phase = thread.warp_phase,
          .block_phase = thread.block_phase,
          .cluster_phase = thread.cluster_phase,
          .is_atomic = access == Access::kAtomic};
}

bool SharedMemory::Races(const Stamp& before, const Stamp& now) {
  if (before.thread < 0 || before.thread == now.thread) return false;
  if (before.is_atomic && now.is_atomic) return false;
  if (before.cluster_phase != now.cluster_phase) return false;
  if (before.block != now.block) return true;
  if (before.block_phase != now.block_phase) return false;
  return before.warp != now.warp || before.warp_phase == now.warp_phase;
}

bool SharedMemory::Note(size_t offset, size_t bytes, Access access) {
  if (offset + bytes > data_.size()) {
    Report(absl::StrCat("thread ", Current().cluster_thread, " is out of range: ", bytes,
                        " bytes at ", offset, " of ", data_.size()));
    return false;
  }
  if (offset % bytes != 0) {
    Report(absl::StrCat("thread ", Current().cluster_thread, " is misaligned: ", bytes,
                        " bytes at ", offset));
    return false;
  }
  const Stamp now = Now(access);
  for (size_t cell = offset / kCellBytes; cell * kCellBytes < offset + bytes; ++cell) {
    if (access != Access::kWrite) NoteRead(cells_[cell], now, offset);
    if (access != Access::kRead) NoteWrite(cells_[cell], now, offset);
  }
  return true;
}

void SharedMemory::NoteRead(Cell& cell, const Stamp& now, size_t offset) {
  if (cell.write.thread < 0) {
    Report(absl::StrCat("thread ", now.thread, " reads byte ", offset, ", which nobody wrote"));
  }
  if (Races(cell.write, now)) ReportRace("reads", now, "wrote", cell.write, offset);
  if (cell.reads[0].thread != now.thread) cell.reads[1] = cell.reads[0];
  cell.reads[0] = now;
}

void SharedMemory::NoteWrite(Cell& cell, const Stamp& now, size_t offset) {
  if (Races(cell.write, now)) ReportRace("writes", now, "wrote", cell.write, offset);
  for (const Stamp& read : cell.reads) {
    if (Races(read, now)) ReportRace("writes", now, "read", read, offset);
  }
  cell.write = now;
  if (!now.is_atomic) cell.reads[0] = cell.reads[1] = {};
}

void SharedMemory::ReportRace(const char* now_does, const Stamp& now, const char* before_did,
                              const Stamp& before, size_t offset) {
  Report(absl::StrCat("race: thread ", now.thread, " ", now_does, " byte ", offset,
                      ", which thread ", before.thread, " ", before_did,
                      " with no barrier between"));
}

void SharedMemory::Report(std::string_view what) {
  if (reports_.size() < kMaxReports) reports_.emplace_back(what);
}

}  // namespace diffuser::kernels::cuda::shim
