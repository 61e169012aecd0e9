// read_rules: the rule files of this machine, and what they name.
#include "rules/loader.hpp"
#include "rules/map_reader.hpp"
#include "rules/schedule.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

namespace nocturne::rules {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 10'000;
constexpr std::uintmax_t kTableBytesMax = 256U << 20;

Problem problem_at(Place place, std::string message) {
    return {
        Problem::Level::Error, {ErrorCode::NotFound, std::move(message), {std::move(place)}}, ""};
}

bool is_rule_file(const fs::path& path) {
    const std::string name = path.filename().string();
    const bool is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    return is_yaml && !name.ends_with(".test.yaml") && !name.ends_with(".test.yml");
}

class Gatherer {
   public:
    ReadRules gather(const std::vector<fs::path>& paths, const std::vector<std::string>& packs) {
        for (const std::string& name : packs) {
            take_pack(name);
        }
        for (const fs::path& path : paths) {
            take_path(path);
        }
        for (const model::RuleFile& file : read_.revision.rules) {
            take_named(file);
        }
        return std::move(read_);
    }

   private:
    void take_pack(const std::string& name) {
        std::string known;
        for (const Pack& pack : shipped_packs()) {
            if (pack.name == name) {
                read_.revision.rules.push_back(
                    {"packs/" + name + ".yaml", std::string(pack.text), model::kNoTime});
                return;
            }
            known += (known.empty() ? "" : ", ") + std::string(pack.name);
        }
        read_.problems.push_back(
            problem_at({"packs", 0, 0}, "\"" + name + "\" is no shipped pack; known: " + known));
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
        if (std::optional<model::RuleFile> file = read(path, {path.string(), 0, 0})) {
            read_.revision.rules.push_back(*std::move(file));
        }
    }

    std::optional<model::RuleFile> read(const fs::path& path, const Place& named_at) {
        std::error_code error;
        const std::uintmax_t size = fs::file_size(path, error);
        std::ifstream in(path, std::ios::binary);
        if (error || !in || size > kTableBytesMax) {
            read_.problems.push_back(problem_at(named_at, "cannot read " + path.string() + ": " +
                                                              (error ? error.message()
                                                               : in  ? "too large"
                                                                     : "permission denied")));
            return std::nullopt;
        }
        model::RuleFile file;
        file.name = path.string();
        file.text.assign(std::istreambuf_iterator<char>(in), {});
        const auto written = fs::last_write_time(path, error);
        if (!error) {
            file.written =
                std::chrono::floor<model::Duration>(fs::file_time_type::clock::to_sys(written));
        }
        return file;
    }

    // Tables and zones; what is wrong with the file itself is the loader's to tell.
    void take_named(const model::RuleFile& file) {
        YAML::Node root;
        try {
            root = YAML::Load(file.text);
        } catch (const YAML::Exception&) {
            return;
        }
        if (!root.IsMap()) {
            return;
        }
        const auto each_rule = [&](const char* section, auto visit) {
            const YAML::Node list = root[section];
            if (!list.IsDefined() || !list.IsSequence()) {
                return;
            }
            for (const YAML::Node& rule : list) {
                if (rule.IsMap()) {
                    visit(rule);
                }
            }
        };
        each_rule("tables", [&](const YAML::Node& table) {
            if (const YAML::Node name = table["file"]; name.IsDefined() && name.IsScalar()) {
                take_table(file, name);
            }
        });
        for (const char* section : {"maintenance", "pattern"}) {
            each_rule(section, [&](const YAML::Node& rule) {
                if (const YAML::Node zone = rule["zone"]; zone.IsDefined() && zone.IsScalar()) {
                    take_zone(file, zone);
                }
            });
        }
    }

    void take_table(const model::RuleFile& file, const YAML::Node& name) {
        const fs::path path = fs::path(file.name).parent_path() / name.Scalar();
        if (!tables_.insert(path.string()).second) {
            return;
        }
        if (auto table = read(path, place_of(file, name))) {
            read_.revision.tables.push_back(*std::move(table));
        }
    }

    void take_zone(const model::RuleFile& file, const YAML::Node& name) {
        if (name.Scalar() == "UTC" || !zones_.insert(name.Scalar()).second) {
            return;
        }
        if (Result<model::ZoneTable> zone = read_zone(name.Scalar())) {
            read_.revision.zones.push_back(*std::move(zone));
        } else {
            read_.problems.push_back(problem_at(place_of(file, name), zone.error().message));
        }
    }

    static Place place_of(const model::RuleFile& file, const YAML::Node& node) {
        return FileProblems(file.name, file.text).place_of(node.Mark());
    }

    ReadRules read_;
    std::set<std::string> tables_;
    std::set<std::string> zones_;
};

}  // namespace

ReadRules read_rules(const std::vector<fs::path>& paths, const std::vector<std::string>& packs) {
    return Gatherer().gather(paths, packs);
}

}  // namespace nocturne::rules
