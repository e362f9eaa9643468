#include "model/layers/guard.h"

#include <c10/util/Exception.h>

#include <new>
#include <stdexcept>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::layers {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(GuardTorch, PassesOnTheStatusOfABodyThatDoesNotThrow) {
  EXPECT_TRUE(GuardTorch(nullptr, [] { return absl::OkStatus(); }).ok());
  EXPECT_TRUE(absl::IsNotFound(GuardTorch(nullptr, [] { return absl::NotFoundError("x"); })));
}

TEST(GuardTorch, ReportsTheDetailsOfAnErrorAndKeepsThemFromTheCaller) {
  std::string reported;
  const absl::Status status =
      GuardTorch([&](const std::string& details) { reported = details; },
                 []() -> absl::Status { TORCH_CHECK(false, "sizes 3 and 4"); });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("sizes")));
  EXPECT_THAT(reported, HasSubstr("sizes 3 and 4"));
}

TEST(GuardTorch, CallsExhaustedMemoryByItsName) {
  const absl::Status standard =
      GuardTorch(nullptr, []() -> absl::Status { throw std::bad_alloc(); });
  EXPECT_EQ(standard.code(), absl::StatusCode::kResourceExhausted);

  const absl::Status torch = GuardTorch(nullptr, []() -> absl::Status {
    TORCH_CHECK(false, "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes");
  });
  EXPECT_EQ(torch.code(), absl::StatusCode::kResourceExhausted);
}

TEST(GuardTorch, SurvivesForeignExceptionsWithoutAReport) {
  const absl::Status status =
      GuardTorch(nullptr, []() -> absl::Status { throw std::runtime_error("elsewhere"); });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace diffuser::layers
