#include "model/plugins_revision.hpp"

namespace nocturne::model {

namespace {

template <typename T, typename Get>
void get_all(Reader& in, std::vector<T>& values, Get get) {
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        get(values.emplace_back());
    }
}

}  // namespace

void encode(Writer& out, const PluginsRevision& revision) {
    out.varint(revision.files.size());
    for (const PluginFile& file : revision.files) {
        out.text(file.name);
        out.text(file.text);
        out.varint(file.modules.size());
        for (const PluginFile::Module& module : file.modules) {
            out.text(module.name);
            out.text(module.text);
        }
    }
    out.varint(revision.tables.size());
    for (const RuleFile& table : revision.tables) {
        out.text(table.name);
        out.text(table.text);
        out.zigzag(to_unix_ms(table.written));
    }
    out.varint(revision.values.size());
    for (const PluginValue& value : revision.values) {
        for (const std::string* text :
             {&value.plugin, &value.parameter, &value.value, &value.scope, &value.place}) {
            out.text(*text);
        }
    }
    out.varint(revision.stances.size());
    for (const PluginStance& stance : revision.stances) {
        out.text(stance.plugin);
        out.text(stance.mode);
        out.boolean(stance.tries_versions);
    }
}

PluginsRevision decode_plugins_revision(Reader& in) {
    PluginsRevision revision;
    get_all(in, revision.files, [&](PluginFile& file) {
        file.name = in.text();
        file.text = in.text();
        get_all(in, file.modules, [&](PluginFile::Module& module) {
            module.name = in.text();
            module.text = in.text();
        });
    });
    get_all(in, revision.tables, [&](RuleFile& table) {
        table.name = in.text();
        table.text = in.text();
        table.written = from_unix_ms(in.zigzag());
    });
    get_all(in, revision.values, [&](PluginValue& value) {
        for (std::string* text :
             {&value.plugin, &value.parameter, &value.value, &value.scope, &value.place}) {
            *text = in.text();
        }
    });
    get_all(in, revision.stances, [&](PluginStance& stance) {
        stance.plugin = in.text();
        stance.mode = in.text();
        stance.tries_versions = in.boolean();
    });
    return revision;
}

void encode(Writer& out, const PluginKilled& kill) {
    out.varint(kill.position);
    out.varint(kill.call);
    for (const std::string* text :
         {&kill.plugin, &kill.version, &kill.handler, &kill.verdict, &kill.message}) {
        out.text(*text);
    }
}

PluginKilled decode_plugin_killed(Reader& in) {
    PluginKilled kill;
    kill.position = in.varint();
    kill.call = static_cast<std::uint32_t>(in.varint());
    for (std::string* text :
         {&kill.plugin, &kill.version, &kill.handler, &kill.verdict, &kill.message}) {
        *text = in.text();
    }
    return kill;
}

}  // namespace nocturne::model
