// read_rules: the rule files of this machine, and what they name.
#include "rules/compilation.hpp"
#include "rules/grammar.hpp"
#include "rules/loader.hpp"
#include "rules/schedule.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

namespace nocturne::rules {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 10'000;

bool is_rule_file(const fs::path& path) {
    const std::string name = path.filename().string();
    const bool is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    return is_yaml && !name.ends_with(".test.yaml") && !name.ends_with(".test.yml");
}

class Gatherer {
   public:
    ReadRules gather(const std::vector<fs::path>& paths, const std::vector<std::string>& packs,
                     const std::vector<model::RuleFile>& more) {
        for (const std::string& name : packs) {
            take_pack(name);
        }
        for (const fs::path& path : paths) {
            take_path(path);
        }
        read_.revision.rules.insert(read_.revision.rules.end(), more.begin(), more.end());
        for (const model::RuleFile& file : read_.revision.rules) {
            take_named(file);
        }
        for (const model::RuleFile& file : read_.revision.rules) {
            problems_.add_file(file.name, file.text);
        }
        read_.problems = problems_.take();
        return std::move(read_);
    }

   private:
    void take_pack(const std::string& name) {
        std::vector<std::string_view> known;
        for (const Pack& pack : shipped_packs()) {
            if (pack.name == name) {
                read_.revision.rules.push_back(
                    {"packs/" + name + ".yaml", std::string(pack.text), model::kNoTime});
                return;
            }
            known.push_back(pack.name);
        }
        problems_.error({"packs", 0, 0},
                        "no pack " + quote(name) + "; " + nearest(name, known, "known packs"));
    }

    void take_path(const fs::path& path) {
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            take_file(path);
            return;
        }
        std::vector<fs::path> files;
        for (auto it = fs::recursive_directory_iterator(path, error);
             it != fs::recursive_directory_iterator() && files.size() < kFilesMax;
             it.increment(error)) {
            if (error) {
                break;
            }
            if (it->is_regular_file(error) && is_rule_file(it->path())) {
                files.push_back(it->path());
            }
        }
        std::sort(files.begin(), files.end());
        for (const fs::path& file : files) {
            take_file(file);
        }
    }

    void take_file(const fs::path& path) {
        if (std::optional<model::RuleFile> file =
                read(path, kFileBytesMax, {path.string(), 0, 0})) {
            read_.revision.rules.push_back(*std::move(file));
        }
    }

    std::optional<model::RuleFile> read(const fs::path& path, std::size_t bytes_max,
                                        const Place& named_at) {
        std::error_code error;
        std::ifstream in(path, std::ios::binary);
        if (!in || fs::is_directory(path, error)) {
            problems_.error(named_at, path.string() + " cannot be read; is the name right?");
            return std::nullopt;
        }
        model::RuleFile file;
        file.name = path.string();
        file.text.resize(bytes_max + 1);  // one more than allowed, so that too long shows
        in.read(file.text.data(), static_cast<std::streamsize>(file.text.size()));
        file.text.resize(static_cast<std::size_t>(in.gcount()));
        file.text.shrink_to_fit();
        const auto written = fs::last_write_time(path, error);
        if (!error) {
            file.written =
                std::chrono::floor<model::Duration>(fs::file_time_type::clock::to_sys(written));
        }
        return file;
    }

    // Tables and zones; what is wrong with the file itself is told when it is compiled.
    void take_named(const model::RuleFile& file) {
        ProblemList untold;
        FileReader reader(file, untold);
        if (const std::optional<YAML::Node> root = reader.parse()) {
            each_rule(reader, *root, "tables", "file",
                      [&](const YAML::Node& name) { take_table(reader, name); });
            for (const char* section : {"maintenance", "pattern"}) {
                each_rule(reader, *root, section, "zone",
                          [&](const YAML::Node& name) { take_zone(reader, name); });
            }
        }
    }

    // The text behind the key of each rule of the section.
    template <typename Visit>
    static void each_rule(FileReader& reader, const YAML::Node& root, std::string_view section,
                          std::string_view key, Visit visit) {
        if (!root.IsMap()) {
            return;
        }
        for (const auto& member : root) {
            if (member.first.Scalar() != section || !member.second.IsSequence()) {
                continue;
            }
            for (const YAML::Node& rule : member.second) {
                if (!rule.IsMap()) {
                    continue;
                }
                for (const auto& part : rule) {
                    if (!reader.pay(part.first)) {
                        return;
                    }
                    if (part.first.Scalar() == key && part.second.IsScalar()) {
                        visit(part.second);
                    }
                }
            }
        }
    }

    void take_table(const FileReader& file, const YAML::Node& name) {
        const std::string path = table_name(file.name(), name.Scalar());
        if (!tables_.insert(path).second) {
            return;
        }
        if (auto table = read(path, kTableBytesMax, file.place_of(name))) {
            read_.revision.tables.push_back(*std::move(table));
        }
    }

    void take_zone(const FileReader& file, const YAML::Node& name) {
        if (name.Scalar() == "UTC" || !zones_.insert(name.Scalar()).second) {
            return;
        }
        if (Result<model::ZoneTable> zone = read_zone(name.Scalar())) {
            read_.revision.zones.push_back(*std::move(zone));
        } else {
            problems_.error(file.place_of(name), zone.error().message);
        }
    }

    ProblemList problems_;
    ReadRules read_;
    std::set<std::string> tables_;
    std::set<std::string> zones_;
};

}  // namespace

ReadRules read_rules(const std::vector<fs::path>& paths, const std::vector<std::string>& packs,
                     const std::vector<model::RuleFile>& more) {
    return Gatherer().gather(paths, packs, more);
}

}  // namespace nocturne::rules
