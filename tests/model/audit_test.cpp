// What an audit entry's seal is made of.
#include "model/audit.hpp"

#include <gtest/gtest.h>

namespace nocturne::model {

namespace {

AuditRecord record_of(std::string actor, std::string role) {
    AuditRecord record;
    record.at = from_unix_ms(1'700'000'000'123);
    record.position = 42;
    record.note = {
        std::move(actor), std::move(role), "127.0.0.1", "incident.acknowledge", "I7-0", {}, ""};
    return record;
}

}  // namespace

// "abc" of FIPS 180-4.
TEST(Sha256, IsTheStandards) {
    EXPECT_EQ(to_string(sha256_of({"a", "", "bc"})),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, ReadsBackFromItsDigitsAlone) {
    const Sha256 hash = sha256_of({"x"});
    const std::string text = to_string(hash);

    EXPECT_EQ(parse_sha256(text), hash);
    EXPECT_FALSE(parse_sha256(text.substr(1)));
    EXPECT_FALSE(parse_sha256("G" + text.substr(1)));
    EXPECT_FALSE(parse_sha256(text + "0"));
}

// Computed by the ten lines of Python in docs/reference/audit.md: what others verify with must
// stay.
TEST(AuditChain, HasTheHashThatThePageTells) {
    const AuditRecord record = record_of("anna", "responder");

    EXPECT_EQ(to_string(hash_of({}, 1, record)),
              "a88b8b2686b8a97a2084531a84683ec6e3689dde036ee8051263f6a8e8117cdd");
}

TEST(AuditChain, KeepsTheFieldsApart) {
    EXPECT_NE(hash_of({}, 1, record_of("ab", "c")), hash_of({}, 1, record_of("a", "bc")));
    EXPECT_NE(hash_of({}, 1, record_of("a,1:b", "")), hash_of({}, 1, record_of("a", "b")));
}

TEST(AuditHead, ReadsBackWhatWasNoted) {
    const AuditHead head{1042, sha256_of({"x"})};

    EXPECT_EQ(parse_audit_head(to_string(head)), head);
    for (const std::string text : {"", "1042", "1042:", ":ab", "x:1", "1042:ab"}) {
        EXPECT_FALSE(parse_audit_head(text)) << text;
    }
}

TEST(AuditNote, IsCleanAndBounded) {
    AuditNote note;
    note.actor = "an\xFF"
                 "na\n\x1B[31m";
    note.reason = std::string(1022, 'x') + "\xE2\x82\xAC";  // a character that would not fit whole

    const AuditNote clean = bounded(note);

    EXPECT_EQ(clean.actor, "an\xEF\xBF\xBDna  [31m");
    EXPECT_EQ(clean.reason, std::string(1022, 'x'));
    EXPECT_EQ(bounded(clean), clean);
}

}  // namespace nocturne::model
