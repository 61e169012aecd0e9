#include "cli/version.hpp"

#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "model/json_writer.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace nocturne::cli {

std::string version_number() {
    return NOCTURNE_VERSION;
}

std::string version_commit() {
    return NOCTURNE_COMMIT;
}

std::string version_text() {
    return version_number() + " (" + version_commit() + ")";
}

void add_version(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand("version", "Say which Nocturne this is");
    auto format = add_format(*command);
    command->callback([&chosen, format] {
        chosen = [format] {
            if (*format == Format::Json) {
                model::JsonWriter out;
                out.begin_object()
                    .member("version", version_number())
                    .member("commit", version_commit())
                    .end_object();
                print(out.take() + "\n");
            } else {
                print("nocturne " + version_text() + "\n");
            }
            return kOk;
        };
    });
}

}  // namespace nocturne::cli
