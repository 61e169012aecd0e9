#include "plugins/test_file.hpp"

#include "plugins/meter.hpp"
#include "plugins/modules.hpp"
#include "plugins/sandbox.hpp"
#include "plugins/test_functions.hpp"
#include "plugins/worker.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

namespace nocturne::plugins {

namespace {

constexpr std::chrono::hours kPatience{24};  // the budgets end what does not end
constexpr std::size_t kLogShownBytesMax = 2000;

// Lua cuts long names of files in its messages; the name alone is short.
std::string short_name(const std::string& file) {
    return file.substr(file.rfind('/') + 1);
}

std::string trimmed(std::string text) {
    text.resize(text.find_last_not_of('\n') + 1);
    return text;
}

std::string indented(const std::string& text) {
    std::string out;
    for (const char byte : text) {
        out += byte;
        if (byte == '\n') {
            out += "    ";
        }
    }
    return out;
}

// The file, loaded into a sandbox of its own.
class LoadedTest {
   public:
    explicit LoadedTest(const PluginSource& file)
        : file_(file), sandbox_({test_limits(), Counting::Instructions}), L_(sandbox_.state()) {
        add_require(L_, file_);
    }

    // "" or why it is no table of tests. The table is on top of the stack.
    std::string load() {
        Verdict verdict =
            sandbox_.push_chunk(WatchedThread::here(), file_.text, short_name(file_.file));
        if (verdict == Verdict::Ok) {
            verdict = sandbox_.run(WatchedThread::here(), 0, 1, test_limits().load_cpu_max);
        }
        if (verdict != Verdict::Ok) {
            return placed(sandbox_.message());
        }
        table_ = lua_gettop(L_);
        return lua_istable(L_, table_)
                   ? ""
                   : file_.file +
                         ": must return a table of named functions, as in return { "
                         "[\"says so\"] = function(t) ... end }; it returned " +
                         luaL_typename(L_, table_);
    }

    // In the order of the file.
    std::vector<TestOutcome> names() {
        std::vector<TestOutcome> tests;
        lua_pushnil(L_);
        while (lua_next(L_, table_) != 0) {
            TestOutcome test;
            if (lua_type(L_, -2) == LUA_TSTRING && lua_isfunction(L_, -1)) {
                test.name = lua_tostring(L_, -2);
                test.line = line_of_function();
            } else {
                lua_pop(L_, 1);
                test.failure = file_.file +
                               ": each entry must be [\"name\"] = function(t) ... end; found a "
                               "key of type " +
                               luaL_typename(L_, -1);
                lua_pushnil(L_);
            }
            tests.push_back(std::move(test));
            lua_pop(L_, 1);
        }
        std::sort(tests.begin(), tests.end(), [](const TestOutcome& a, const TestOutcome& b) {
            return a.line != b.line ? a.line < b.line : a.name < b.name;
        });
        return tests;
    }

    // "" or the failure.
    std::string run(const std::string& name, TestBench& bench) {
        lua_pushlstring(L_, name.data(), name.size());
        lua_rawget(L_, table_);
        push_test_functions(L_, bench);
        const Verdict verdict =
            sandbox_.run(WatchedThread::here(), 1, 0, test_limits().call_cpu_max);
        if (verdict == Verdict::Ok) {
            return {};
        }
        std::string failure = placed(sandbox_.message());
        if (is_kill(verdict)) {
            failure = file_.file + ": " + std::string(name_of(verdict)) + ": " + failure;
        }
        std::string log = sandbox_.take_log() + bench.take_log();
        if (!log.empty()) {
            log.resize(std::min(log.size(), kLogShownBytesMax));
            failure = trimmed(std::move(failure)) + "\nit printed:\n" + log;
        }
        return indented(trimmed(std::move(failure)));
    }

   private:
    // Takes nothing off the stack: the function is on top.
    int line_of_function() {
        lua_Debug info{};
        lua_pushvalue(L_, -1);
        lua_getinfo(L_, ">S", &info);
        return info.linedefined;
    }

    // Messages begin with the short name; whoever reads them wants the whole.
    std::string placed(std::string message) const {
        // Line ends of a plugin's own problems were made visible on their way through Lua.
        for (std::size_t at = 0; (at = message.find("\\n", at)) != std::string::npos;) {
            message.replace(at, 2, "\n");
        }
        const std::string name = short_name(file_.file) + ":";
        if (message.starts_with(name)) {
            message.replace(0, name.size(), file_.file + ":");
        }
        return message;
    }

    const PluginSource& file_;
    Sandbox sandbox_;
    lua_State* L_;
    int table_ = 0;
};

class TestRun {
   public:
    TestRun(PluginSource file, FindPlugin find, bool covers)
        : file_(std::move(file)), find_(std::move(find)), covers_(covers) {}

    void run() {
        LoadedTest loaded(file_);
        if (std::string problem = loaded.load(); !problem.empty()) {
            outcomes.push_back({"", 0, std::move(problem)});
            return;
        }
        outcomes = loaded.names();
        if (outcomes.empty()) {
            outcomes.push_back({"", 0, file_.file + ": has no tests"});
        }
        for (TestOutcome& test : outcomes) {
            if (test.failure.empty()) {
                test.failure = run_twice(test.name);
            }
        }
    }

    std::vector<TestOutcome> outcomes;
    LineCoverage coverage;

   private:
    std::string run_twice(const std::string& name) {
        std::vector<std::string> answers;
        std::string failure = run_once(
            name, {&find_, TestBench::Between::Nothing, nullptr, covers_ ? &coverage : nullptr},
            answers);
        if (!failure.empty()) {
            return failure;
        }
        const std::vector<std::string> expected = std::move(answers);
        return run_once(name, {&find_, TestBench::Between::Restart, &expected, nullptr}, answers);
    }

    std::string run_once(const std::string& name, const TestBench::Options& options,
                         std::vector<std::string>& answers) {
        TestBench bench(options);
        LoadedTest loaded(file_);
        std::string failure = loaded.load();
        if (failure.empty()) {
            failure = loaded.run(name, bench);
        }
        answers = bench.answers();
        return failure;
    }

    const PluginSource file_;
    const FindPlugin find_;
    const bool covers_;
};

}  // namespace

std::vector<TestOutcome> run_test_file(const PluginSource& file, const FindPlugin& find,
                                       LineCoverage* coverage) {
    Worker worker(std::make_shared<Watchdog>());
    auto run = std::make_shared<TestRun>(file, find, coverage != nullptr);
    if (worker.run([run](WatchedThread&) { run->run(); }, kPatience) == Worker::Ended::Stuck) {
        return {{"", 0, file.file + ": its thread is stuck"}};
    }
    if (coverage != nullptr) {
        coverage->add(run->coverage);
    }
    return std::move(run->outcomes);
}

}  // namespace nocturne::plugins
