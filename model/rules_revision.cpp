#include "model/rules_revision.hpp"

namespace nocturne::model {

namespace {

void put(Writer& out, const std::vector<RuleFile>& files) {
    out.varint(files.size());
    for (const RuleFile& file : files) {
        out.text(file.name);
        out.text(file.text);
        out.zigzag(to_unix_ms(file.written));
    }
}

std::vector<RuleFile> get_files(Reader& in) {
    std::vector<RuleFile> files(in.count());
    for (RuleFile& file : files) {
        file.name = in.text();
        file.text = in.text();
        file.written = from_unix_ms(in.zigzag());
    }
    return files;
}

}  // namespace

void encode(Writer& out, const RulesRevision& revision) {
    put(out, revision.rules);
    put(out, revision.tables);
    out.varint(revision.zones.size());
    for (const ZoneTable& zone : revision.zones) {
        out.text(zone.name);
        out.varint(zone.offsets.size());
        for (const ZoneOffset& entry : zone.offsets) {
            out.zigzag(to_unix_ms(entry.at));
            out.zigzag(entry.offset.count());
        }
    }
}

RulesRevision decode_rules_revision(Reader& in) {
    RulesRevision revision;
    revision.rules = get_files(in);
    revision.tables = get_files(in);
    revision.zones.resize(in.count());
    for (ZoneTable& zone : revision.zones) {
        zone.name = in.text();
        zone.offsets.resize(in.count());
        for (ZoneOffset& entry : zone.offsets) {
            entry.at = from_unix_ms(in.zigzag());
            entry.offset = std::chrono::seconds(in.zigzag());
        }
    }
    return revision;
}

}  // namespace nocturne::model
