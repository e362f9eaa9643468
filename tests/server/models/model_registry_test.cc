#include "server/models/model_registry.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::models {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

const ModelSpec kFirst{"a", "1", "/a1"};
const ModelSpec kSecond{"a", "2", "/a2"};
const ModelSpec kOther{"b", "1", "/b1"};

std::shared_ptr<const ServedModel> MakeModel() { return std::make_shared<const ServedModel>(); }

class ModelRegistryTest : public ::testing::Test {
 protected:
  absl::StatusCode Code(const std::string& name, const std::string& version) {
    return registry_.FindReady(name, version).status().code();
  }
  ModelRegistry registry_{{kFirst, kSecond, kOther}};
};

TEST_F(ModelRegistryTest, IsUnavailableWhileLoading) {
  EXPECT_EQ(Code("a", "1"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Code("", ""), absl::StatusCode::kUnavailable);
}

TEST_F(ModelRegistryTest, KnowsNoOtherNamesAndVersions) {
  EXPECT_EQ(Code("c", ""), absl::StatusCode::kNotFound);
  EXPECT_EQ(Code("a", "3"), absl::StatusCode::kNotFound);
  EXPECT_EQ(registry_.Find("b", "2").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(registry_.Find("b", "2").status().message()), HasSubstr("'b'"));
}

TEST_F(ModelRegistryTest, FindsAReadyModelByNameAndVersion) {
  const auto first = MakeModel();
  const auto second = MakeModel();
  registry_.SetReady(kFirst, first);
  registry_.SetReady(kSecond, second);
  EXPECT_EQ(*registry_.FindReady("a", "1"), first);
  EXPECT_EQ(*registry_.FindReady("a", "2"), second);
}

TEST_F(ModelRegistryTest, AnEmptyNameMeansTheFirstModelAndAnEmptyVersionItsNewest) {
  const auto first = MakeModel();
  const auto second = MakeModel();
  registry_.SetReady(kOther, MakeModel());
  registry_.SetReady(kFirst, first);
  registry_.SetReady(kSecond, second);
  EXPECT_EQ(*registry_.FindReady("", ""), second);
  EXPECT_EQ(*registry_.FindReady("", "1"), first);
}

TEST_F(ModelRegistryTest, AnEmptyVersionSkipsWhatIsNotReady) {
  const auto first = MakeModel();
  registry_.SetReady(kFirst, first);
  EXPECT_EQ(*registry_.FindReady("a", ""), first);
  registry_.SetFailed(kSecond, absl::InvalidArgumentError("bad"));
  EXPECT_EQ(*registry_.FindReady("a", ""), first);
  EXPECT_EQ(registry_.Find("a", "")->spec.version, "1");
}

TEST_F(ModelRegistryTest, KeepsTheErrorOfAFailedModel) {
  registry_.SetFailed(kOther, absl::InvalidArgumentError("no weights"));
  EXPECT_EQ(Code("b", ""), absl::StatusCode::kUnavailable);
  const auto entry = registry_.Find("b", "1");
  EXPECT_EQ(entry->state, ModelState::kFailed);
  EXPECT_EQ(entry->error.message(), "no weights");
}

TEST_F(ModelRegistryTest, KeepsWhatComputesAReadyModel) {
  registry_.SetReplicas(kFirst, {.devices = "cpu", .precisions = "float32"});
  EXPECT_EQ(Code("a", "1"), absl::StatusCode::kUnavailable);
  const auto model = MakeModel();
  registry_.SetReady(kFirst, model);
  registry_.SetReplicas(kFirst, {.devices = "cuda:1", .precisions = "bfloat16"});
  EXPECT_EQ((*registry_.FindReady("a", "1"))->replicas.devices, "cuda:1");
  EXPECT_EQ((*registry_.FindReady("a", "1"))->replicas.precisions, "bfloat16");
  EXPECT_EQ(model->replicas.devices, "") << "who holds it already sees no change";
}

TEST_F(ModelRegistryTest, ListsAllInTheOrderOfTheSpecs) {
  registry_.SetReady(kOther, MakeModel());
  const auto entries = registry_.List();
  ASSERT_THAT(entries, SizeIs(3));
  EXPECT_EQ(entries[0].spec.version, "1");
  EXPECT_EQ(entries[1].spec.version, "2");
  EXPECT_EQ(entries[1].state, ModelState::kLoading);
  EXPECT_EQ(entries[2].spec.name, "b");
  EXPECT_EQ(entries[2].state, ModelState::kReady);
}

}  // namespace
}  // namespace diffuser::models
