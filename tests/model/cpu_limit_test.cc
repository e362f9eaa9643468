#include "model/cpu_limit.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace diffuser::model {
namespace {

// A made-up machine: /proc/self/cgroup and the files of /sys/fs/cgroup.
class FakeCgroups {
 public:
  explicit FakeCgroups(const std::string& proc_cgroup)
      : root_(std::filesystem::path(testing::TempDir()) / ("cgroup_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(root_);
    Write("proc_cgroup", proc_cgroup);
  }
  ~FakeCgroups() { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  std::optional<double> Cpus() const { return CgroupCpus(root_ / "proc_cgroup", root_); }

 private:
  std::filesystem::path root_;
};

TEST(CgroupCpus, ReadsTheQuotaOfVersion2) {
  FakeCgroups cgroups("0::/pod/container\n");
  cgroups.Write("pod/container/cpu.max", "150000 100000\n");
  EXPECT_EQ(cgroups.Cpus(), 1.5);
}

TEST(CgroupCpus, TakesTheLeastQuotaOnTheWayUp) {
  FakeCgroups cgroups("0::/pod/container\n");
  cgroups.Write("pod/container/cpu.max", "400000 100000\n");
  cgroups.Write("pod/cpu.max", "200000 100000\n");
  cgroups.Write("cpu.max", "max 100000\n");
  EXPECT_EQ(cgroups.Cpus(), 2);
}

TEST(CgroupCpus, FindsAContainersOwnFilesWhereThePathIsTheHosts) {
  FakeCgroups cgroups("0::/kubepods/somewhere/else\n");
  cgroups.Write("cpu.max", "300000 100000\n");
  EXPECT_EQ(cgroups.Cpus(), 3);
}

TEST(CgroupCpus, ReadsTheQuotaOfVersion1) {
  FakeCgroups cgroups("5:memory:/job\n4:cpu,cpuacct:/job\n0::/\n");
  cgroups.Write("cpu,cpuacct/job/cpu.cfs_quota_us", "250000\n");
  cgroups.Write("cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  cgroups.Write("cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  cgroups.Write("cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroups.Cpus(), 2.5);
}

TEST(CgroupCpus, ReadsVersion1UnderItsShortName) {
  FakeCgroups cgroups("4:cpuacct,cpu:/\n");
  cgroups.Write("cpu/cpu.cfs_quota_us", "100000\n");
  cgroups.Write("cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroups.Cpus(), 1);
}

TEST(CgroupCpus, GivesNothingWithoutAQuota) {
  FakeCgroups cgroups("0::/a\n");
  cgroups.Write("a/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroups.Cpus(), std::nullopt);
  EXPECT_EQ(CgroupCpus("/nowhere", "/nowhere"), std::nullopt);
}

TEST(UsableCpus, IsAtLeastOneAndAtMostTheMachines) {
  EXPECT_GE(UsableCpus(), 1);
  EXPECT_LE(UsableCpus(), sysconf(_SC_NPROCESSORS_ONLN));
}

}  // namespace
}  // namespace diffuser::model
