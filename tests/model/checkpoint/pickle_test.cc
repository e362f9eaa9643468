#include "model/checkpoint/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/model/checkpoint/file_bytes.h"
#include "tests/testing/torch_file_writer.h"

namespace diffuser::checkpoint {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::PickleWriter;
using ::testing::SizeIs;

using Kind = PickleValue::Kind;

constexpr absl::string_view kAllowed[] = {"collections.OrderedDict", "torch.Thing"};

// Reads a pickle given by its opcodes, without PROTO and STOP.
class Pickled {
 public:
  explicit Pickled(absl::string_view opcodes)
      : bytes_(PickleWriter(2).Op(opcodes).Finish()),
        arena_(ReadPickle(FileBytes(bytes_), kAllowed, "file")) {}

  const PickleValue& root() const { return *arena_->root; }
  std::string error() const {
    EXPECT_EQ(arena_.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(arena_.status().message());
  }

 private:
  std::string bytes_;
  absl::StatusOr<PickleArena> arena_;
};

TEST(Pickle, ReadsNumbersOfEveryWidth) {
  for (const int64_t number : {0LL, 255LL, 256LL, 65535LL, 65536LL, -1LL, -40000LL, 1LL << 40,
                               -(1LL << 40), static_cast<long long>(INT64_MIN)}) {
    const std::string bytes = PickleWriter(2).Int(number).Finish();
    const auto arena = ReadPickle(FileBytes(bytes), kAllowed, "file");
    ASSERT_TRUE(arena.ok()) << arena.status();
    EXPECT_EQ(arena->root->kind, Kind::kInt);
    EXPECT_EQ(arena->root->number, number);
  }
  EXPECT_EQ(Pickled(absl::string_view("\x8a\x00", 2)).root().number, 0);
  EXPECT_EQ(Pickled("\x8a\x02\xfe\xff").root().number, -2);
}

TEST(Pickle, ReadsCollectionsAndRemembersValues) {
  const std::string name("X\x01\0\0\0a", 6);
  const Pickled dict("}(" + name + "K\x01K\x02\x86uq\x01h\x01");
  ASSERT_THAT(dict.root().items, SizeIs(2));
  EXPECT_EQ(dict.root().items[0]->text, "a");
  EXPECT_EQ(dict.root().items[1]->items[1]->number, 2);
  EXPECT_EQ(Pickled("](K\x01K\x02"
                    "eK\x03"
                    "a")
                .root()
                .items[2]
                ->number,
            3);
  EXPECT_EQ(Pickled("(NNNNt").root().items.size(), 4u);
}

TEST(Pickle, MakesACallANodeOfData) {
  const Pickled call("ctorch\nThing\nK\x05\x85R");
  EXPECT_EQ(call.root().kind, Kind::kCall);
  EXPECT_EQ(call.root().text, "torch.Thing");
  ASSERT_THAT(call.root().items, SizeIs(1));
  EXPECT_EQ(call.root().items[0]->items[0]->number, 5);
}

TEST(Pickle, SurvivesAValueThatHoldsItself) {
  const Pickled cycle(
      "]q\x01h\x01"
      "a");
  EXPECT_EQ(cycle.root().items[0], &cycle.root());
}

TEST(Pickle, RefusesWhatNoStateDictNeeds) {
  EXPECT_THAT(Pickled("cbuiltins\nexec\n").error(), HasSubstr("reference to builtins.exec"));
  EXPECT_THAT(Pickled("ctorch\nThing\n)\x81").error(),
              AllOf(HasSubstr("opcode 0x81"), HasSubstr("byte 16"), HasSubstr("never executed")));
  EXPECT_THAT(Pickled("(iposix\nsystem\n").error(), HasSubstr("opcode 0x69"));
}

TEST(Pickle, RefusesMalformedPrograms) {
  EXPECT_THAT(Pickled("").error(), HasSubstr("empty stack"));
  EXPECT_THAT(Pickled("\x85").error(), HasSubstr("empty stack"));
  EXPECT_THAT(Pickled("N(\x85").error(), HasSubstr("empty stack"));  // below the mark
  EXPECT_THAT(Pickled("t").error(), HasSubstr("no mark"));
  EXPECT_THAT(Pickled("}(Nu").error(), HasSubstr("a key without its value"));
  EXPECT_THAT(Pickled("NNa").error(), HasSubstr("wrong kind"));
  EXPECT_THAT(Pickled("h\x07").error(), HasSubstr("no remembered value 7"));
  EXPECT_THAT(Pickled("q\x07").error(), HasSubstr("expected a value to remember"));
  EXPECT_THAT(Pickled("NNR").error(), HasSubstr("a call without a name"));
  EXPECT_THAT(Pickled("}Nb").error(), HasSubstr("state that is no dict"));
  EXPECT_THAT(Pickled("NQ").error(), HasSubstr("persistent id that is no tuple"));
  EXPECT_THAT(Pickled("NN\x93").error(), HasSubstr("a global without a name"));
  EXPECT_THAT(Pickled("\x8a\x09"
                      "123456789")
                  .error(),
              HasSubstr("more than 64 bits"));
}

TEST(Pickle, RefusesAProgramThatEndsEarly) {
  for (const char* opcodes : {"X\xff\xff\xff\xff", "\x8d\xff\xff\xff\xff\xff\xff\xff\xff", "ctorch",
                              "J\x01", "G1234", "\x8a\xff"}) {
    EXPECT_THAT(Pickled(opcodes).error(), HasSubstr("its end in the middle")) << opcodes;
  }
}

TEST(Pickle, RefusesOtherProtocols) {
  const std::string bytes = PickleWriter(1).Op("N").Finish();
  EXPECT_THAT(ReadPickle(FileBytes(bytes), kAllowed, "file").status().message(),
              HasSubstr("found protocol 1, expected 2 to 5"));
}

TEST(Pickle, RefusesAProgramBeyondEveryModel) {
  EXPECT_THAT(Pickled(std::string(5 << 20, 'N')).error(), HasSubstr("expected at most 4194304"));
}

}  // namespace
}  // namespace diffuser::checkpoint
