#include "server/services/request_parser.h"

#include <gtest/gtest.h>

#include <string>

#include "diffuser/v1/classification.pb.h"

namespace diffuser::services {
namespace {

TEST(IsUtf8, FollowsTheStandard) {
  for (const char* good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xe1\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xff"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

TEST(RequestParser, KeepsWhatIsInOrderAndNamesWhatIsNot) {
  const RequestParser parser;
  v1::ClassifyBatchRequest sent;
  sent.set_model("m");
  sent.add_documents()->set_text("good");
  sent.add_documents()->set_text("\xff");
  sent.add_documents()->mutable_token_ids()->add_ids(7);
  sent.mutable_options()->set_top_k(3);
  v1::ClassifyBatchRequest got;
  const auto bad = parser.Parse(sent.SerializeAsString(), got);
  ASSERT_TRUE(bad.ok()) << bad.status();
  ASSERT_EQ(bad->size(), 1U);
  EXPECT_EQ(bad->front().field, "documents[1].text");
  EXPECT_EQ(bad->front().problem, "is not UTF-8");
  EXPECT_EQ(got.model(), "m");
  ASSERT_EQ(got.documents_size(), 3);
  EXPECT_EQ(got.documents(0).text(), "good");
  EXPECT_EQ(got.documents(1).text(), "");
  EXPECT_EQ(got.documents(2).token_ids().ids(0), 7U);
  EXPECT_EQ(got.options().top_k(), 3);
}

TEST(RequestParser, RefusesBytesThatAreNoMessage) {
  const RequestParser parser;
  v1::ClassifyRequest request;
  EXPECT_EQ(parser.Parse("\x0a\x7f", request).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(parser.Parse("", request).ok());
}

// Protobuf merges messages that stand one after the other: so bytes come to hold both fields of a
// oneof, which no generated code would write.
std::string BothTextAndIds() {
  v1::Document text;
  text.set_text("a text");
  v1::Document ids;
  ids.mutable_token_ids()->add_ids(7);
  return text.SerializeAsString() + ids.SerializeAsString();
}

// `bytes` as the length-delimited field of that number; fewer than 128 of them.
std::string AsField(int number, const std::string& bytes) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())} + bytes;
}

TEST(RequestParser, NamesADocumentThatIsBothTextAndIds) {
  const RequestParser parser;
  v1::ClassifyRequest request;
  const auto faults = parser.Parse(AsField(3, BothTextAndIds()), request);
  ASSERT_TRUE(faults.ok()) << faults.status();
  ASSERT_EQ(faults->size(), 1U);
  EXPECT_EQ(faults->front().field, "document");
  EXPECT_EQ(faults->front().problem, "has both text and token_ids; expected one of them");
}

TEST(RequestParser, NamesEveryDocumentAtFaultOfABatch) {
  v1::Document good;
  good.set_text("good");
  const RequestParser parser;
  v1::ClassifyBatchRequest request;
  const auto faults = parser.Parse(AsField(3, good.SerializeAsString()) +
                                       AsField(3, BothTextAndIds()) + AsField(3, "\x12\x01\xff"),
                                   request);
  ASSERT_TRUE(faults.ok()) << faults.status();
  ASSERT_EQ(faults->size(), 2U);
  EXPECT_EQ((*faults)[0].field, "documents[1]");
  EXPECT_EQ((*faults)[1].field, "documents[2].text");
  ASSERT_EQ(request.documents_size(), 3);
  EXPECT_EQ(request.documents(0).text(), "good");
}

TEST(RequestParser, TakesAFieldOfAOneofThatComesTwice) {
  v1::Document first, second;
  first.set_text("first");
  second.set_text("second");
  const RequestParser parser;
  v1::ClassifyRequest request;
  const auto faults =
      parser.Parse(AsField(3, first.SerializeAsString() + second.SerializeAsString()), request);
  ASSERT_TRUE(faults.ok()) << faults.status();
  EXPECT_TRUE(faults->empty());
  EXPECT_EQ(request.document().text(), "second");
}

}  // namespace
}  // namespace diffuser::services
