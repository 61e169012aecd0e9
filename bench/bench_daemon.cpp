// The whole daemon under the workload: CPU an event, events a second, memory, from outside.
//
//   bench_daemon NOCTURNE pull|packs|ack|restart [identities events per_message]
//
// Starts the daemon on ipc sockets and an empty folder, sends the workload, waits until all of it
// was applied, and reads what the kernel says of the process.
#include "bench/workload.hpp"
#include "gateway/http_client.hpp"

#include <sys/wait.h>
#include <unistd.h>
#include <zmq.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <signal.h>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace nocturne;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

class Daemon {
   public:
    Daemon(const std::string& program, std::filesystem::path folder, const std::string& settings)
        : folder_(std::move(folder)) {
        std::filesystem::create_directories(folder_);
        std::ofstream(folder_ / "topology.yaml") << topology_yaml();
        std::ofstream(folder_ / "nocturne.yaml") << settings;
        start(program);
    }

    ~Daemon() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        std::filesystem::remove_all(folder_);
    }

    std::string endpoint(const char* name) const { return "ipc://" + (folder_ / name).string(); }

    void start(const std::string& program) {
        process_ = ::fork();
        if (process_ == 0) {
            const std::string pull = endpoint("pull");
            const std::string ack = endpoint("ack");
            const std::string pub = endpoint("pub");
            const std::string data = (folder_ / "data").string();
            const std::string topology = (folder_ / "topology.yaml").string();
            const std::string log = (folder_ / "log").string();
            const std::string settings = (folder_ / "nocturne.yaml").string();
            std::freopen(log.c_str(), "a", stderr);
            ::execl(program.c_str(), "nocturne", "run", "--config", settings.c_str(), "--data",
                    data.c_str(), "--topology", topology.c_str(), "--zmq-pull", pull.c_str(),
                    "--zmq-ack", ack.c_str(), "--zmq-pub", pub.c_str(), "--http", kHttp.c_str(),
                    nullptr);
            std::_Exit(127);
        }
        const Clock::time_point begin = Clock::now();
        while (seconds_since(begin) < 60) {
            if (const auto reply = gateway::http_get(url("/-/ready")); reply && reply->is_ok()) {
                return;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        std::ifstream log(folder_ / "log");
        std::stringstream text;
        text << log.rdbuf();
        std::fprintf(stderr, "the daemon did not get ready:\n%s\n", text.str().c_str());
        std::exit(1);
    }

    void kill() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }

    // A number of /metrics.
    double metric(const std::string& name) const {
        const auto reply = gateway::http_get(url("/metrics"));
        if (!reply) {
            return -1;
        }
        std::istringstream lines(reply->body);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with(name + " ")) {
                return std::strtod(line.c_str() + name.size() + 1, nullptr);
            }
        }
        return -1;
    }

    // Opens a session leader's view: user and system time, in microseconds.
    double cpu_us() const {
        std::ifstream stat("/proc/" + std::to_string(process_) + "/stat");
        std::string text;
        std::getline(stat, text);
        std::istringstream fields(text.substr(text.rfind(')') + 2));
        std::string skipped;
        for (int i = 0; i < 11; ++i) {
            fields >> skipped;
        }
        double user = 0;
        double system = 0;
        fields >> user >> system;
        return (user + system) * 1e6 / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }

    // From /proc/PID/status, in MB.
    double memory_mb(const std::string& field) const {
        std::ifstream status("/proc/" + std::to_string(process_) + "/status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with(field + ":")) {
                return std::strtod(line.c_str() + field.size() + 1, nullptr) / 1024;
            }
        }
        return 0;
    }

   private:
    static inline const std::string kHttp = "127.0.0.1:19193";

    static std::string url(const std::string& path) { return "http://" + kHttp + path; }

    static std::string topology_yaml() {
        std::string yaml = "edges:\n";
        for (const model::EdgeSpec& edge : bench::workload_topology().edges) {
            yaml += "  - {from: " + edge.from + ", to: " + edge.to + ", type: calls}\n";
        }
        return yaml;
    }

    std::filesystem::path folder_;
    pid_t process_ = 0;
};

void wait_until_applied(const Daemon& daemon, double events) {
    while (daemon.metric("nocturne_events_total") < events) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

void run_pull(Daemon& daemon, const std::vector<std::string>& messages, std::uint64_t events) {
    zmq::context_t context;
    zmq::socket_t socket(context, zmq::socket_type::push);
    socket.connect(daemon.endpoint("pull"));
    const double cpu_before = daemon.cpu_us();
    const Clock::time_point begin = Clock::now();
    for (const std::string& message : messages) {
        socket.send(zmq::buffer(message), zmq::send_flags::none);
    }
    wait_until_applied(daemon, static_cast<double>(events));
    const double seconds = seconds_since(begin);
    std::printf("daemon, pull:  %.3f us CPU/event   %.0f events/s   RSS %.0f MB, highest %.0f MB\n",
                (daemon.cpu_us() - cpu_before) / static_cast<double>(events),
                static_cast<double>(events) / seconds, daemon.memory_mb("VmRSS"),
                daemon.memory_mb("VmHWM"));
}

// One request after the other, at about 20,000 events a second at most: the reply's delays in
// seconds, sorted.
std::vector<double> ask(zmq::socket_t& socket, const std::vector<std::string>& messages,
                        std::uint64_t per_message) {
    const double pause_s = static_cast<double>(per_message) / 20'000.0;
    std::vector<double> delays;
    for (const std::string& message : messages) {
        const Clock::time_point begin = Clock::now();
        socket.send(zmq::buffer(message), zmq::send_flags::none);
        zmq::message_t reply;
        if (!socket.recv(reply)) {
            std::fprintf(stderr, "no reply\n");
            std::exit(1);
        }
        delays.push_back(seconds_since(begin));
        std::this_thread::sleep_until(begin + std::chrono::duration_cast<Clock::duration>(
                                                  std::chrono::duration<double>(pause_s)));
    }
    std::sort(delays.begin(), delays.end());
    return delays;
}

void report_delays(const char* what, const std::vector<double>& delays) {
    std::printf("%s: p50 %.0f us, p99 %.0f us\n", what, delays[delays.size() / 2] * 1e6,
                delays[delays.size() * 99 / 100] * 1e6);
}

void run_ack(Daemon& daemon, const std::vector<std::string>& messages, std::uint64_t per_message) {
    zmq::context_t context;
    zmq::socket_t socket(context, zmq::socket_type::req);
    socket.connect(daemon.endpoint("ack"));
    report_delays("daemon, durable reply", ask(socket, messages, per_message));
    std::printf("of that, a commit of the journal: mean %.0f us\n",
                daemon.metric("nocturne_store_commit_microseconds_total") /
                    daemon.metric("nocturne_loop_commits_total"));
}

// What ZeroMQ alone costs: a process that only answers the same messages.
void measure_echo(const std::filesystem::path& folder, const std::vector<std::string>& messages,
                  std::uint64_t per_message) {
    const std::string endpoint = "ipc://" + (folder / "echo").string();
    const pid_t echo = ::fork();
    if (echo == 0) {
        zmq::context_t context;
        zmq::socket_t socket(context, zmq::socket_type::rep);
        socket.bind(endpoint);
        for (zmq::message_t message;;) {
            (void)socket.recv(message);
            socket.send(zmq::str_buffer("{}"), zmq::send_flags::none);
        }
    }
    {
        zmq::context_t context;
        zmq::socket_t socket(context, zmq::socket_type::req);
        socket.connect(endpoint);
        report_delays("floor: a bare ZeroMQ reply to the same messages",
                      ask(socket, messages, per_message));
    }
    ::kill(echo, SIGKILL);
    ::waitpid(echo, nullptr, 0);
}

// What one fdatasync of a small append costs on the same disk, as often as the requests come: a
// disk that is asked rarely answers later.
void measure_sync(const std::filesystem::path& folder, std::uint64_t per_message) {
    const std::chrono::microseconds pause(per_message * 1'000'000 / 20'000);
    std::filesystem::create_directories(folder);
    std::FILE* file = std::fopen((folder / "sync").c_str(), "wb");
    std::vector<double> delays;
    const std::string page(16384, 'x');
    for (int i = 0; i < 200; ++i) {
        const Clock::time_point begin = Clock::now();
        std::fwrite(page.data(), 1, page.size(), file);
        std::fflush(file);
        ::fdatasync(::fileno(file));
        delays.push_back(seconds_since(begin));
        std::this_thread::sleep_until(begin + pause);
    }
    std::fclose(file);
    std::filesystem::remove_all(folder);
    std::sort(delays.begin(), delays.end());
    std::printf("floor: one fdatasync of 16 KiB appended: p50 %.0f us\n",
                delays[delays.size() / 2] * 1e6);
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 3) {
        std::fprintf(stderr, "usage: bench_daemon NOCTURNE pull|packs|ack|restart [identities "
                             "events per_message]\n");
        return 2;
    }
    const auto number = [&](int i, std::uint64_t otherwise) {
        return count > i ? std::strtoull(arguments[i], nullptr, 10) : otherwise;
    };
    const std::string mode = arguments[2];
    const std::uint64_t identities = number(3, 100'000);
    const std::uint64_t events = number(4, mode == "ack" ? 100'000 : 1'000'000);
    const std::uint64_t per_message = number(5, 64);
    const std::vector<std::string> messages = bench::messages_of(identities, events, per_message);
    const std::filesystem::path folder =
        std::filesystem::current_path() / ("bench-daemon-" + std::to_string(::getpid()));
    if (mode == "ack") {
        measure_sync(folder, per_message);
    }
    if (mode == "ack") {
        std::filesystem::create_directories(folder);
        measure_echo(folder, messages, per_message);
    }
    // `packs`: with all that are shipped.
    Daemon daemon(arguments[1], folder,
                  mode == "packs" ? "packs: [alertmanager, grafana, zabbix, nagios, icinga, "
                                    "kubernetes, cloudevents]\n"
                                  : "");
    if (mode == "ack") {
        run_ack(daemon, messages, per_message);
        return 0;
    }
    run_pull(daemon, messages, events);
    if (mode == "restart") {
        daemon.kill();
        const Clock::time_point begin = Clock::now();
        daemon.start(arguments[1]);
        std::printf("restart after kill -9: ready in %.2f s with %.0f alerts' events known\n",
                    seconds_since(begin), daemon.metric("nocturne_events_total"));
    }
    return 0;
}
