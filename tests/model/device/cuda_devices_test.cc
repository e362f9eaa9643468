#include "model/device/cuda_devices.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/device/torch_cuda.h"

namespace diffuser::device {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

CudaDevices Two() {
  CudaDevices devices;
  devices.infos.resize(2);
  devices.infos[0].ordinal = 0;
  devices.infos[1].ordinal = 2;  // the kernels do not run on the one between
  return devices;
}

CudaDevices None() {
  CudaDevices devices;
  devices.why_none = {.reason = "no_driver", .details = "no CUDA driver"};
  return devices;
}

std::vector<std::string> Select(const std::string& device, CudaDevices (*find)()) {
  const auto names = SelectDevices(device, find, nullptr);
  EXPECT_TRUE(names.ok()) << names.status();
  return names.value_or(std::vector<std::string>());
}

TEST(SelectDevices, GivesWhatTheFlagStandsFor) {
  EXPECT_THAT(Select("cpu", Two), ElementsAre("cpu"));
  EXPECT_THAT(Select("auto", Two), ElementsAre("cuda:0", "cuda:2"));
  EXPECT_THAT(Select("cuda", Two), ElementsAre("cuda:0"));
  EXPECT_THAT(Select("cuda:all", Two), ElementsAre("cuda:0", "cuda:2"));
  EXPECT_THAT(Select("cuda:2", Two), ElementsAre("cuda:2"));
  EXPECT_THAT(Select("cuda:2,cuda:0", Two), ElementsAre("cuda:2", "cuda:0"));
}

TEST(SelectDevices, TakesTheCpuForAutoWhereThereIsNone) {
  std::vector<std::string> reasons;
  const auto names = SelectDevices(
      "auto", None, [&](const model::Fallback& why) { reasons.push_back(why.reason); });
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_THAT(*names, ElementsAre("cpu"));
  EXPECT_THAT(reasons, ElementsAre("no_driver"));
  EXPECT_THAT(Select("auto", None), ElementsAre("cpu"));  // nobody to be told
}

TEST(SelectDevices, RefusesDevicesThatAreNotThere) {
  for (const char* device : {"cuda", "cuda:all", "cuda:0"}) {
    const absl::Status status = SelectDevices(device, None, nullptr).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_EQ(status.message(), "device " + std::string(device) + ": no CUDA driver");
  }
  const absl::Status status = SelectDevices("cuda:0,cuda:1", Two, nullptr).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(status.message(), "device cuda:1: no such CUDA device, of 2 in use");
}

TEST(SelectDevices, RefusesWhatNamesNoDevice) {
  for (const char* device : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:01", "cuda:0,",
                             "cpu,cuda:0", "cuda:0,cuda:0"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(SelectDevices(device, Two, nullptr).status())) << device;
  }
}

// On the machine that runs the test, whatever it has.
TEST(CudaDevices, AreFoundOrItIsSaidInOneLineWhyNot) {
  const CudaDevices devices = FindCudaDevices();
  if (!devices.infos.empty()) GTEST_SKIP() << "this machine has a CUDA device";
  EXPECT_THAT(devices.why_none.reason,
              ::testing::AnyOf("no_library", "no_driver", "no_device", "no_libtorch"));
  EXPECT_THAT(devices.why_none.details, StartsWith("no "));
  EXPECT_THAT(devices.why_none.details, Not(HasSubstr("\n")));
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenCudaDevice("cuda:0").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(OpenCudaDevice("cuda").status()));
}

}  // namespace
}  // namespace diffuser::device
