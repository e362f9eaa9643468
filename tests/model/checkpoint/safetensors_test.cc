#include "model/checkpoint/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/model/checkpoint/file_bytes.h"
#include "tests/testing/checkpoint_writer.h"

namespace diffuser::checkpoint {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::Float32Tensor;
using ::testing::HasSubstr;
using testing::SafetensorsFile;
using ::testing::SizeIs;

std::string ErrorOf(const std::string& file) {
  const auto tensors = ReadSafetensors(FileBytes(file), "dir/w.safetensors");
  EXPECT_EQ(tensors.status().code(), absl::StatusCode::kInvalidArgument) << file;
  const std::string message(tensors.status().message());
  EXPECT_THAT(message, ::testing::StartsWith("dir/w.safetensors: "));
  return message;
}

std::string ErrorOf(absl::string_view header, size_t data_bytes) {
  return ErrorOf(SafetensorsFile(header, std::string(data_bytes, 'x')));
}

TEST(Safetensors, ReadsTypesShapesAndBytes) {
  const float elements[] = {1, 2, 3, 4, 5, 6};
  const std::string file = SafetensorsFile(
      {Float32Tensor("a", {2, 3}, elements), {"b", "I64", {1}, std::string(8, 'b')}});
  const auto tensors = ReadSafetensors(FileBytes(file), "w");
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  ASSERT_THAT(*tensors, SizeIs(2));
  const StoredTensor& a = tensors->at("a");
  EXPECT_EQ(a.dtype, "F32");
  EXPECT_THAT(a.shape, ElementsAre(2, 3));
  EXPECT_EQ(AsText(a.bytes), absl::string_view(reinterpret_cast<const char*>(elements), 24));
  EXPECT_EQ(AsText(tensors->at("b").bytes), "bbbbbbbb");
}

TEST(Safetensors, ReadsEmptyTensorsAndScalars) {
  const std::string file = SafetensorsFile(
      R"({"e":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]},)"
      R"("s":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})",
      "x");
  const auto tensors = ReadSafetensors(FileBytes(file), "w");
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  EXPECT_TRUE(tensors->at("e").bytes.empty());
  EXPECT_EQ(AsText(tensors->at("s").bytes), "x");
}

TEST(Safetensors, RefusesABrokenLength) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("found 0 bytes, expected at least 8"));
  EXPECT_THAT(ErrorOf("1234567"), HasSubstr("found 7 bytes"));
  EXPECT_THAT(ErrorOf(std::string(8, '\xff')),
              HasSubstr("found a header length of 18446744073709551615 bytes, expected at most 0"));
  EXPECT_THAT(ErrorOf(std::string(8, '\0')), HasSubstr("no JSON object"));
}

TEST(Safetensors, RefusesAHeaderBeyondEveryModel) {
  EXPECT_THAT(ErrorOf(std::string(17 << 20, ' '), 0), HasSubstr("expected at most 16777216"));
}

struct BadHeader {
  const char* header;
  size_t data_bytes;
  const char* message;
};

TEST(Safetensors, RefusesEveryBrokenEntryAndNamesIt) {
  const BadHeader cases[] = {
      {R"({"t":7})", 0, "found 7, expected an object"},
      {R"({"t":{"shape":[1],"data_offsets":[0,4]}})", 4, "found dtype nowhere"},
      {R"({"t":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}})", 4, "found dtype \"F33\""},
      {R"({"t":{"dtype":5,"shape":[1],"data_offsets":[0,4]}})", 4, "found dtype 5"},
      {R"({"t":{"dtype":"F32","data_offsets":[0,4]}})", 4, "found shape nowhere"},
      {R"({"t":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "found shape a list of 1"},
      {R"({"t":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", 4, "found shape a list"},
      {R"({"t":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}})", 4, "shape"},
      {R"({"t":{"dtype":"F32","shape":[1]}})", 4, "found data_offsets nowhere"},
      {R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", 4, "data_offsets a list of"},
      {R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "data_offsets [4, 0]"},
      {R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 7,
       "found data_offsets [0, 8], expected a range within the 7 bytes"},
      {R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4,
       "found 4 bytes, expected what F32 of shape [2] takes"},
      {R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,5]}})", 5, "found 5 bytes"},
      {R"({"t":{"dtype":"F32","shape":[4294967296,4294967297],"data_offsets":[0,4]}})", 4,
       "found 4 bytes"},
      {R"({"t":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}})", 4,
       "found 4 bytes"},
      {R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2, "behind a gap"},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
       R"("t":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
       3, "found data_offsets [1, 3] overlapping another tensor, expected a start at 2"},
  };
  for (const BadHeader& bad : cases) {
    EXPECT_THAT(ErrorOf(bad.header, bad.data_bytes),
                AllOf(HasSubstr("tensor t: "), HasSubstr(bad.message)))
        << bad.header;
  }
}

TEST(Safetensors, RefusesDataThatNoTensorHas) {
  EXPECT_THAT(ErrorOf(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 3),
              HasSubstr("found 3 bytes of data, expected 1"));
}

TEST(Safetensors, KeepsMessagesOnOneLine) {
  const std::string message = ErrorOf(R"({"evil\n\u0007name":7})", 0);
  EXPECT_THAT(message, HasSubstr(R"(tensor evil\n\x07name)"));
}

}  // namespace
}  // namespace diffuser::checkpoint
