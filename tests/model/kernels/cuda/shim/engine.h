#ifndef DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_ENGINE_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <source_location>
#include <string>
#include <vector>

// Runs CUDA kernels on the host, for tests: every thread of a block, or of a cluster of blocks, is
// a fiber that runs until it meets others (a barrier, a shuffle, the tensor cores) and waits for
// them there. Shared memory is watched (shared_memory.h). One launch at a time, on one thread.
namespace diffuser::kernels::cuda::shim {

struct Index3 {
  unsigned x = 0, y = 0, z = 0;
};

// As a launch on a device has it; blocks of a cluster lie side by side along x.
struct LaunchShape {
  Index3 grid = {1, 1, 1};
  int threads = 1;  // a block
  int cluster = 1;  // blocks
  size_t shared_bytes = 0;
  bool last_first = false;  // blocks and threads take their turns in the opposite order
  // To show that a barrier of the source, "file:line", is needed: threads run past it.
  std::string without_barrier = {};
};

// Runs `kernel` in every thread of the launch. Reports are what was wrong, one line each, the first
// few of each block: races, reads of memory that nobody wrote, indices out of range, use of the
// memory of a block that is over, threads that wait for ever.
struct RunResult {
  std::vector<std::string> reports;
  std::set<std::string> barriers;  // of blocks and clusters that threads came to, "file:line"
};
RunResult RunKernel(const LaunchShape& shape, const std::function<void()>& kernel);

class Block;

// The running thread of a kernel.
struct ThreadState {
  Index3 thread_index;
  Index3 block_index;
  Block* block = nullptr;
  int lane = 0;            // in its warp
  int warp = 0;            // in its block
  int cluster_thread = 0;  // number in the cluster
  // How many barriers of each kind it has passed.
  uint32_t warp_phase = 0;
  uint32_t block_phase = 0;
  uint32_t cluster_phase = 0;
};
ThreadState& Current();

// --- Where threads meet. ---

void BlockBarrier(const std::source_location& where);
void ClusterBarrier(const std::source_location& where);
void WarpBarrier(uint32_t mask);

// The lanes of `mask` meet: when the last has come, `act` is called once with the operand of every
// lane (null for lanes outside the mask). Lanes must agree on mask and name.
void Meet(uint32_t mask, const char* name, void* operand,
          const std::function<void(void* const (&operands)[32])>& act);

// --- The cluster. ---

int ClusterRank();
Block& BlockOfRank(int rank);

}  // namespace diffuser::kernels::cuda::shim

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_ENGINE_H_
