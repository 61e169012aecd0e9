// DeepThread: a thread with a C stack that plugins cannot overflow; see plugins::Worker.
#pragma once

#include <functional>
#include <memory>

namespace nocturne::engine {

class DeepThread {
   public:
    DeepThread();
    // Must not leave by an exception.
    explicit DeepThread(std::function<void()> work);
    ~DeepThread();  // joins
    DeepThread(DeepThread&&) noexcept;
    DeepThread& operator=(DeepThread&&) noexcept;

    bool joinable() const { return running_ != nullptr; }

    void join();

   private:
    struct Running;
    static void* run(void* work);

    std::unique_ptr<Running> running_;
};

// Runs the work on one, and waits for it.
void run_deep(const std::function<void()>& work);

}  // namespace nocturne::engine
