#include "gateway/effectors/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

namespace nocturne::gateway {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{50};    // how often is_over is asked
constexpr std::chrono::milliseconds kGrace{500};  // between SIGTERM and SIGKILL
constexpr rlim_t kDescriptorsMax = 1024;

class Descriptor {
   public:
    explicit Descriptor(int number = -1) : number_(number) {}

    ~Descriptor() { close(); }

    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    void close() {
        if (number_ >= 0) {
            ::close(number_);
            number_ = -1;
        }
    }

    void take(int number) {
        close();
        number_ = number;
    }

    int number() const { return number_; }

   private:
    int number_;
};

Status open_pipe(Descriptor& out, Descriptor& in) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail(ErrorCode::Unavailable, std::string("no pipe: ") + std::strerror(errno));
    }
    out.take(ends[0]);
    in.take(ends[1]);
    return {};
}

// All that the child needs, made before fork: between fork and execve nothing may allocate, since
// another thread may have held the allocator's lock.
struct Start {
    const char* program;
    const char* folder;
    std::vector<char*> arguments;
    std::vector<char*> environment;
    rlim_t cpu_s;
    rlim_t memory;
    int output;
    int failure;
    pid_t parent;
};

void limit(__rlimit_resource_t what, rlim_t soft, rlim_t hard) {
    const rlimit value{soft, hard};
    (void)::setrlimit(what, &value);  // one that is already tighter stays
}

// In the child. Tells what failed as an errno, and ends.
[[noreturn]] void become(const Start& start) {
    const auto give_up = [&] {
        const int error = errno;
        (void)!::write(start.failure, &error, sizeof(error));
        ::_exit(127);
    };
    sigset_t none;
    sigemptyset(&none);
    for (int signal = 1; signal < NSIG; ++signal) {
        (void)::signal(signal, SIG_DFL);
    }
    (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
    (void)::setpgid(0, 0);
    // Without us nobody watches its time any more.
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != start.parent) {
        ::_exit(127);
    }
    const int nothing = ::open("/dev/null", O_RDONLY);
    if (nothing < 0 || ::dup2(nothing, 0) < 0 || ::dup2(start.output, 1) < 0 ||
        ::dup2(start.output, 2) < 0 || ::chdir(start.folder) != 0) {
        give_up();
    }
    (void)::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_CPU, start.cpu_s, start.cpu_s + 1);
    limit(RLIMIT_AS, start.memory, start.memory);
    limit(RLIMIT_NOFILE, kDescriptorsMax, kDescriptorsMax);
    ::execve(start.program, start.arguments.data(), start.environment.data());
    give_up();
    ::_exit(127);
}

// Why the program did not start, or 0: the pipe closes by itself when it does.
int read_failure(int failure) {
    int error = 0;
    for (;;) {
        const ssize_t count = ::read(failure, &error, sizeof(error));
        if (count == static_cast<ssize_t>(sizeof(error))) {
            return error;
        }
        if (count >= 0 || errno != EINTR) {
            return 0;
        }
    }
}

class Watch {
   public:
    Watch(const ProcessOptions& options, pid_t pid, int output)
        : options_(options), pid_(pid), output_(output),
          watched_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
          until_(Clock::now() + options.timeout) {}

    ProcessEnd run() {
        while (!is_gone_) {
            look();
            const bool is_late = Clock::now() >= until_;
            const bool is_stopped = options_.is_over && options_.is_over();
            if (!is_gone_ && (is_late || is_stopped)) {
                end_.how = is_late ? ProcessEnd::How::TimedOut : ProcessEnd::How::Stopped;
                end_early();
            }
        }
        // While the leader is a zombie its number, and so the group's, is nobody else's.
        ::kill(-pid_, SIGKILL);
        drain();
        reap();
        return std::move(end_);
    }

   private:
    // Waits a moment for output or the end.
    void look() {
        std::array<pollfd, 2> ends{pollfd{output_, POLLIN, 0},
                                   pollfd{watched_.number(), POLLIN, 0}};
        (void)::poll(ends.data(), ends.size(), static_cast<int>(kLook.count()));
        if ((ends[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            take_output();
        }
        siginfo_t info{};
        is_gone_ =
            ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid == pid_;
    }

    void end_early() {
        ::kill(-pid_, SIGTERM);
        const Clock::time_point patience = Clock::now() + kGrace;
        while (!is_gone_ && Clock::now() < patience) {
            look();
        }
        ::kill(-pid_, SIGKILL);
        while (!is_gone_) {
            look();
        }
    }

    // False when there is nothing now.
    bool take_output() {
        std::array<char, 16384> bytes{};
        const ssize_t count = output_ < 0 ? 0 : ::read(output_, bytes.data(), bytes.size());
        if (count <= 0) {
            output_ = count == 0 || (errno != EAGAIN && errno != EINTR) ? -1 : output_;
            return false;
        }
        const auto size = static_cast<std::size_t>(count);
        const std::size_t room = options_.output_bytes_max - end_.output.size();
        end_.output.append(bytes.data(), std::min(size, room));
        end_.is_cut = end_.is_cut || size > room;
        return true;
    }

    // What is still in the pipe. Whoever else holds it open (it left the group) is not waited for.
    void drain() {
        constexpr int kPiecesMax = 64;  // of 16 KiB: more than a pipe holds
        for (int piece = 0; piece < kPiecesMax && take_output(); ++piece) {
        }
    }

    void reap() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        end_.code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
        if (end_.how == ProcessEnd::How::Exited && WIFSIGNALED(status)) {
            end_.how = ProcessEnd::How::Signalled;
        }
    }

    const ProcessOptions& options_;
    const pid_t pid_;
    int output_;
    Descriptor watched_;
    const Clock::time_point until_;
    bool is_gone_ = false;
    ProcessEnd end_;
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) {
        pointers.push_back(text.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace

Result<ProcessEnd> run_process(const ProcessOptions& options) {
    Descriptor output;
    Descriptor output_in;
    Descriptor failure;
    Descriptor failure_in;
    NOCTURNE_TRY_STATUS(open_pipe(output, output_in));
    NOCTURNE_TRY_STATUS(open_pipe(failure, failure_in));
    (void)::fcntl(output.number(), F_SETFL, O_NONBLOCK);
    std::vector<std::string> arguments{options.program};
    arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
    std::vector<std::string> environment = options.environment;
    const Start start{
        .program = options.program.c_str(),
        .folder = options.folder.c_str(),
        .arguments = pointers_to(arguments),
        .environment = pointers_to(environment),
        .cpu_s = static_cast<rlim_t>(std::max<std::int64_t>(
            1, std::chrono::ceil<std::chrono::seconds>(options.cpu).count())),
        .memory = options.memory_bytes_max,
        .output = output_in.number(),
        .failure = failure_in.number(),
        .parent = ::getpid(),
    };
    const pid_t pid = ::fork();
    if (pid < 0) {
        return fail(ErrorCode::Unavailable,
                    std::string("cannot start a process: ") + std::strerror(errno));
    }
    if (pid == 0) {
        become(start);
    }
    (void)::setpgid(pid, pid);  // both sides: whoever comes first
    output_in.close();
    failure_in.close();
    if (const int error = read_failure(failure.number()); error != 0) {
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
        }
        return fail(ErrorCode::Invalid,
                    options.program + " (in " + options.folder + "): " + std::strerror(error));
    }
    return Watch(options, pid, output.number()).run();
}

}  // namespace nocturne::gateway
