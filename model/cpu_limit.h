#ifndef DIFFUSER_MODEL_CPU_LIMIT_H_
#define DIFFUSER_MODEL_CPU_LIMIT_H_

#include <optional>
#include <string>

namespace diffuser::model {

// The CPU quota of the process's cgroup, in CPUs: the least over the cgroup and all above it, of
// version 2 (cpu.max) and version 1 (cpu.cfs_quota_us). Nothing where there is no quota.
// `proc_cgroup` is /proc/self/cgroup, `root` where cgroup file systems are mounted.
std::optional<double> CgroupCpus(const std::string& proc_cgroup, const std::string& root);

// CPUs that this process may use: its affinity mask, cut to its cgroup's quota (rounded up). >= 1.
int UsableCpus();

}  // namespace diffuser::model

#endif  // DIFFUSER_MODEL_CPU_LIMIT_H_
