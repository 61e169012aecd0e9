// `nocturne schema`: JSON Schemas of the files that people write, for their editors.
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "rules/loader.hpp"
#include "topology/yaml_source.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace nocturne::cli {

namespace {

struct Schema {
    std::string_view what;
    std::string (*write)();
};

constexpr std::array kSchemas{
    Schema{"rules", rules::rules_schema},
    Schema{"tests", rules::tests_schema},
    Schema{"topology", topology::topology_schema},
    Schema{"config", rules::configuration_schema},
};

}  // namespace

void add_schema(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("schema", "Print the JSON Schema of a kind of file, for editors");
    auto what = std::make_shared<std::string>("rules");
    command->add_option("--what", *what, "rules, tests, topology or config")
        ->check(CLI::IsMember({"rules", "tests", "topology", "config"}))
        ->capture_default_str();
    add_format(*command);  // it is JSON, whatever is asked for
    command->footer("nocturne schema > nocturne-rules.schema.json\n"
                    "docs/reference/rules.md says how editors take it.");
    command->callback([&chosen, what] {
        chosen = [what] {
            for (const Schema& schema : kSchemas) {
                if (schema.what == *what) {
                    print(schema.write() + "\n");
                }
            }
            return kOk;
        };
    });
}

}  // namespace nocturne::cli
