#include "model/checkpoint/torch_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/model/checkpoint/file_bytes.h"
#include "tests/testing/torch_file_writer.h"

namespace diffuser::checkpoint {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FileTensor;
using testing::Float32Tensor;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::PickleTensor;
using testing::PickleWriter;
using ::testing::SizeIs;
using testing::TensorView;
using testing::TorchFile;
using testing::TorchFileOptions;
using testing::ZipFile;
using testing::ZipOptions;

std::string ErrorOf(const std::string& file) {
  const auto tensors = ReadTorchFile(FileBytes(file), "dir/w.bin");
  EXPECT_EQ(tensors.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(tensors.status().message());
  EXPECT_THAT(message, ::testing::StartsWith("dir/w.bin: "));
  return message;
}

// The file of one pickle and one storage of four float32, "0".
std::string FileOf(const std::string& pickle) {
  return ZipFile({{"m/data.pkl", pickle}, {"m/data/0", std::string(16, 'x')}});
}

// The error of a state dict whose tensor "t" is `view`.
std::string ErrorOf(const TensorView& view) {
  PickleWriter pickle(2);
  PickleTensor(view, /*is_parameter=*/false, pickle.Op("}").Text("t"));
  return ErrorOf(FileOf(pickle.Op("s").Finish()));
}

std::vector<FileTensor> SomeTensors() {
  const float elements[] = {1, 2, 3, 4, 5, 6};
  return {Float32Tensor("matrix", {2, 3}, elements),
          Float32Tensor("scalar", {}, absl::MakeSpan(elements, 1)),
          {"half", "F16", {2}, "abcd"},
          {"brain", "BF16", {1, 2}, "efgh"},
          {"ids", "I64", {1}, "ijklmnop"}};
}

TEST(TorchFile, ReadsEveryFormOfTensor) {
  for (const int protocol : {2, 3, 4, 5}) {
    for (const bool flag : {false, true}) {
      TorchFileOptions options{protocol, /*are_parameters=*/flag, /*are_transposed=*/false, {}};
      options.zip.zip64 = flag;
      options.zip.comment = flag ? "a comment" : "";
      const std::string file = TorchFile(SomeTensors(), options);
      const auto tensors = ReadTorchFile(FileBytes(file), "w");
      ASSERT_TRUE(tensors.ok()) << tensors.status();
      ASSERT_THAT(*tensors, SizeIs(5));
      for (const FileTensor& written : SomeTensors()) {
        const StoredTensor& read = tensors->at(written.name);
        EXPECT_EQ(read.dtype, written.dtype);
        EXPECT_EQ(read.shape, written.shape);
        EXPECT_THAT(read.strides, IsEmpty());
        EXPECT_EQ(AsText(read.bytes), written.data);
      }
    }
  }
}

TEST(TorchFile, KeepsTheStridesOfATransposedView) {
  TorchFileOptions options;
  options.are_transposed = true;
  const std::string file = TorchFile(SomeTensors(), options);
  const auto tensors = ReadTorchFile(FileBytes(file), "w");
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  EXPECT_THAT(tensors->at("matrix").strides, ElementsAre(1, 2));
  EXPECT_THAT(tensors->at("brain").strides, IsEmpty());  // one row: the order does not matter
}

TEST(TorchFile, ReadsAViewFromTheMiddleOfItsStorage) {
  PickleWriter pickle(2);
  PickleTensor({"FloatStorage", "0", 4, 1, {2}, {1}}, false, pickle.Op("}").Text("t"));
  const std::string file =
      ZipFile({{"m/data.pkl", pickle.Op("s").Finish()}, {"m/data/0", "aaaabbbbccccdddd"}});
  const auto tensors = ReadTorchFile(FileBytes(file), "w");
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  EXPECT_EQ(AsText(tensors->at("t").bytes), "bbbbcccc");
}

TEST(TorchFile, RefusesViewsThatLeaveTheirStorage) {
  const TensorView cases[] = {
      {"FloatStorage", "0", 4, 3, {2}, {1}},
      {"FloatStorage", "0", 4, 0, {2, 2}, {3, 1}},
      {"FloatStorage", "0", 4, 0, {5}, {0}},  // expanded: more elements than are stored
      {"FloatStorage", "0", 4, INT64_MAX, {1}, {1}},
      {"FloatStorage", "0", 4, 1, {INT64_MAX}, {INT64_MAX}},
      {"FloatStorage", "0", 4, 0, {1LL << 32, 1LL << 32}, {0, 0}},
  };
  for (const TensorView& view : cases) {
    EXPECT_THAT(ErrorOf(view), AllOf(HasSubstr("tensor t: found a view of shape ["),
                                     HasSubstr("within the 4 elements of its storage")));
  }
}

TEST(TorchFile, RefusesBrokenShapesAndStorages) {
  EXPECT_THAT(ErrorOf(TensorView{"FloatStorage", "0", 4, 0, {4}, {1, 1}}), HasSubstr("tensor t: "));
  EXPECT_THAT(ErrorOf(TensorView{"FloatStorage", "0", 4, 0, {-4}, {1}}), HasSubstr("tensor t: "));
  EXPECT_THAT(ErrorOf(TensorView{"FloatStorage", "0", 4, -1, {1}, {1}}), HasSubstr("tensor t: "));
  EXPECT_THAT(ErrorOf(TensorView{"FloatStorage", "9", 4, 0, {4}, {1}}),
              HasSubstr("tensor t: found storage \"9\" of type torch.FloatStorage"));
  EXPECT_THAT(ErrorOf(TensorView{"FloatStorage", "0", 5, 0, {4}, {1}}),
              HasSubstr("tensor t: found a storage of 16 bytes, expected 5 elements of type F32"));
  EXPECT_THAT(ErrorOf(TensorView{"HalfStorage", "0", 4, 0, {4}, {1}}),
              HasSubstr("expected 4 elements of type F16"));
}

TEST(TorchFile, RefusesWhatIsNoDictOfTensors) {
  const auto error = [](PickleWriter& pickle) { return ErrorOf(FileOf(pickle.Finish())); };
  EXPECT_THAT(error(PickleWriter(2).Int(7)), HasSubstr("found 7, expected a dict of tensors"));
  EXPECT_THAT(error(PickleWriter(2).Op("}").Text("epoch").Int(3).Op("s")),
              HasSubstr("tensor epoch: found 3, expected a tensor"));
  EXPECT_THAT(error(PickleWriter(2).Op("}").Text("model").Op("}s")),
              HasSubstr("tensor model: found a dict of 0, expected a tensor"));
  EXPECT_THAT(error(PickleWriter(2).Op("}").Int(1).Int(2).Op("s")),
              HasSubstr("found the key 1, expected a tensor's name"));
}

TEST(TorchFile, NamesWhatItDoesNotExecute) {
  PickleWriter call(2);
  call.Global("os", "system").Text("true").Op("\x85R");
  EXPECT_THAT(ErrorOf(FileOf(call.Finish())),
              AllOf(HasSubstr("found a reference to os.system"), HasSubstr("never executed")));
  PickleWriter stack_global(4);
  stack_global.Global("builtins", "eval");
  EXPECT_THAT(ErrorOf(FileOf(stack_global.Finish())), HasSubstr("builtins.eval"));
}

TEST(TorchFile, RefusesTheFormsOfBeforeTorch16) {
  EXPECT_THAT(ErrorOf(std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15)),
              HasSubstr("before torch 1.6"));
  std::string tar(512, '\0');
  tar.replace(257, 5, "ustar");
  EXPECT_THAT(ErrorOf(tar), HasSubstr("before torch 1.6"));
}

TEST(TorchFile, RefusesArchivesThatTorchDoesNotWrite) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("no end record"));
  EXPECT_THAT(ErrorOf("no archive at all, but long enough for one"), HasSubstr("no end record"));
  EXPECT_THAT(ErrorOf(ZipFile({{"m/other", ""}})), HasSubstr("found 0 entries */data.pkl"));
  EXPECT_THAT(ErrorOf(ZipFile({{"a/data.pkl", ""}, {"b/data.pkl", ""}})),
              HasSubstr("found 2 entries */data.pkl"));
  EXPECT_THAT(ErrorOf(ZipFile({{"m/data.pkl", ""}, {"m/data.pkl", ""}})),
              HasSubstr("entry m/data.pkl twice"));
  EXPECT_THAT(ErrorOf(ZipFile({{"m/data.pkl", ""}, {"m/byteorder", "big"}})),
              HasSubstr("found byte order big, expected little"));
  ZipOptions deflated;
  deflated.method = 8;
  EXPECT_THAT(ErrorOf(ZipFile({{"m/data.pkl", ""}}, deflated)),
              HasSubstr("entry m/data.pkl compressed with method 8"));
  ZipOptions encrypted;
  encrypted.flags = 1;
  EXPECT_THAT(ErrorOf(ZipFile({{"m/data.pkl", ""}}, encrypted)),
              HasSubstr("entry m/data.pkl encrypted"));
}

}  // namespace
}  // namespace diffuser::checkpoint
